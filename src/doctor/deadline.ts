/** The time that all checks have together: what has not answered by then is a finding, and its tools are ended. */
import { describe } from '../errors.ts'
import { type Finding, problem } from './finding.ts'

export interface Deadline extends Disposable {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal
  /** What a check finds, or that it failed or did not answer. Never rejects. */
  within(check: string, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]>
}

export function deadline(seconds: number): Deadline {
  const over = new AbortController()
  const { signal } = over
  const { promise, resolve } = Promise.withResolvers<readonly Finding[]>()
  const timer = setTimeout(() => {
    resolve([])
    over.abort()
  }, seconds * 1000)
  return {
    signal,
    async within(check, look) {
      try {
        const found = await Promise.race([look(), promise])
        if (!signal.aborted) return found
      } catch (error) {
        if (!signal.aborted) return [problem(check, describe(error), 'see to it that it can be looked at')]
      }
      const todo = 'look what hangs there: a tool, a mount, a name server; or give it a longer --deadline'
      return [problem(check, 'no answer in time', todo)]
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}
