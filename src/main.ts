/** The process: the command line's words to their command, what it comes to as an exit code. */
import { setFlagsFromString } from 'node:v8'
import { CommanderError } from 'commander'
import { leave } from './cli/leave.ts'
import { createProgram } from './cli/program.ts'
import { exit } from './cli/run.ts'
import { complainer, wantsJson, watchOutput } from './cli/terminal.ts'
import { ConfigError, describe } from './errors.ts'

/** @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  // On a RAM root memory is worth more than the rare pause: the space of young objects stays small, and that of old ones
  // is looked through once it has grown by a seventh.
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=15')
  const isJson = wantsJson(argv)
  const complain = complainer(isJson)
  let code: number = exit.done
  const program = createProgram(isJson, (result) => {
    code = result
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exit.done
      if (isJson) complain(error.message.replace(/^error: /, ''), 'UsageError')
      return exit.usage
    }
    complain(`${describe(error)}\n`, error instanceof Error ? error.name : undefined)
    return error instanceof ConfigError ? exit.usage : exit.failed
  }
  return code
}

watchOutput()

main(process.argv.slice(2)).then(
  (code) => leave(code),
  (error: unknown) => {
    process.stderr.write(`${describe(error)}\n`)
    leave(exit.failed)
  },
)
