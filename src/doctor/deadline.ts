/** The time that all checks have together: what has not answered by then is a finding, and its tools are ended. */
import { describe } from '../errors.ts'
import { type Finding, problem } from './finding.ts'

export interface Deadline {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal
  /** What a check finds, or that it failed or did not answer. Never rejects. */
  within(check: string, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]>
}

export function deadline(seconds: number): Deadline {
  const over = new AbortController()
  const { signal } = over
  const { promise, resolve } = Promise.withResolvers<readonly Finding[]>()
  setTimeout(() => {
    resolve([])
    over.abort()
  }, seconds * 1000).unref()
  return {
    signal,
    async within(check, look) {
      try {
        const found = await Promise.race([look(), promise])
        if (!signal.aborted) return found
      } catch (error) {
        if (!signal.aborted) return [problem(check, describe(error), 'see to it that it can be looked at')]
      }
      const saw = 'no answer in time'
      return [
        problem(
          check,
          saw,
          'look what hangs there: a tool, a mount, a name server; or give it a longer --deadline',
        ),
      ]
    },
  }
}
