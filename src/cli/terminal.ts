/**
 * Standard output and standard error of the command line: words for a person, one JSON object a line for whoever asked
 * for JSON; and an output that somebody closes early.
 */
import { leave } from './leave.ts'
import { exit } from './run.ts'

/** Says what went wrong. @param name of the error's class, where it has one */
export type Complain = (text: string, name?: string) => void

export const out = (text: string): boolean => process.stdout.write(text)

/** Whether these words of a command line ask for JSON. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const words = argv.slice(0, end < 0 ? argv.length : end).join(' ')
  return /(^| )(--json|(-f ?|--format[ =])json)( |$)/.test(words)
}

/** To standard error, whatever is on standard output: `{"error":{"name":…,"message":…}}`, or the text as it is. */
export function complainer(isJson: boolean): Complain {
  return (text, name = 'Error') =>
    process.stderr.write(isJson ? `${JSON.stringify({ error: { name, message: text.trimEnd() } })}\n` : text)
}

/** Standard output may be closed early, by head(1) say: nothing is left to print to. */
let outputClosed = (): void => process.exit(exit.done)

export function watchOutput(): void {
  process.stdout.on('error', () => outputClosed())
  // Nobody is left to tell; what was being done goes on.
  process.stderr.on('error', () => undefined)
}

/** @returns what the first signal aborts, or a closed output; a second signal ends at once */
export function untilAsked(): AbortSignal {
  const asked = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => (asked.signal.aborted ? leave(exit.killed) : asked.abort()))
  outputClosed = () => asked.abort()
  return asked.signal
}
