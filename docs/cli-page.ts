/** docs/cli.md: every command with its arguments and flags, out of the commands themselves. */
import type { Command } from 'commander'
import { createProgram } from '../src/cli/program.ts'
import { notes } from './cli-notes.ts'
import { table } from './table.ts'

const intro = `# Command line

Generated from the commands by \`npm run generate\`.

What a command finds is on standard output, what goes wrong on standard error. With \`--json\` both are JSON: the latter is one
\`{"error":{"name":…,"message":…}}\` a line, for a wrong command line too. Nothing is coloured unless it goes to a terminal, and
tables fit into 80 columns.

Exit codes: 0 done, 1 it failed, 2 the command line or the configuration is wrong, 3 another Remora uses the spool, 130 ended
by a second signal. What they mean for each command is said below. Examples are excerpts.
`

export function cliPage(): string {
  return `${intro}\n${part(
    createProgram(false, () => undefined),
    [],
  )}`
}

/** A command and what is below it. @param path its words, without those of the program */
function part(command: Command, path: readonly string[]): string {
  const help = command.createHelp()
  const name = path.join(' ')
  const inner = help.visibleCommands(command)
  const given = help.visibleArguments(command).map((one) => [`\`${one.name()}\``, one.description])
  const flags = help
    .visibleOptions(command)
    .map((option) => [`\`${option.flags}\``, help.optionDescription(option)])
  const section = [
    `## ${['remora', ...path].join(' ')}`,
    help.commandDescription(command),
    `\`${help.commandUsage(command)}\``,
    ...(given.length === 0 ? [] : [table(['argument', 'what'], given)]),
    table(['flag', 'what'], flags),
    inner.length === 0
      ? ownNotes(name)
      : table(
          ['command', 'what'],
          inner.map((one) => [`\`${one.name()}\``, help.subcommandDescription(one)]),
        ),
  ].join('\n\n')
  const below = command.commands
    .filter((one) => inner.includes(one))
    .map((one) => part(one, [...path, one.name()]))
  return [`${section}\n`, ...below].join('\n')
}

function ownNotes(name: string): string {
  const own = notes[name]
  if (own === undefined) throw new Error(`Cannot document "remora ${name}": cli-notes.ts has nothing of it`)
  const codes = own.exitCodes.map(([code, when]) => [String(code), when])
  return [table(['exit code', 'when'], codes), `\`\`\`console\n${own.example}\n\`\`\``].join('\n\n')
}
