/** docs/cli.md beside what `--help` says of each command. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Command } from 'commander'
import { createProgram } from '../../src/cli/program.ts'
import { remora, workFolder } from '../e2e/agent.ts'

interface Named {
  readonly flags: readonly string[]
  readonly commands: readonly string[]
}

/** What a text of `--help` names: the first word or words of the lines below a heading. */
function namedInHelp(help: string): Named {
  const below = (heading: string, line: RegExp) => {
    const [, part = ''] = help.split(`\n${heading}:\n`)
    const lines = part.split('\n\n')[0]?.split('\n') ?? []
    return lines.flatMap((text) => line.exec(text)?.[1] ?? [])
  }
  return {
    flags: below('Options', /^ {2}(-\S.*?)(?: {2}|$)/).sort(),
    commands: below('Commands', /^ {2}(\w+)/).sort(),
  }
}

/** What each section of the page names, by its heading. */
async function page(): Promise<Map<string, Named & { readonly text: string }>> {
  const whole = await readFile(join(import.meta.dirname, '../../docs/cli.md'), 'utf8')
  const sections = whole.split(/^## /m).slice(1)
  const cells = (section: string, cell: RegExp) =>
    section.split('\n').flatMap((line) => cell.exec(line)?.[1] ?? [])
  return new Map(
    sections.map((text) => [
      text.slice(0, text.indexOf('\n')),
      {
        flags: cells(text, /^\| `(-[^`]+)`/).sort(),
        commands: /^\| command /m.test(text) ? cells(text, /^\| `(\w[^`]*)`/).sort() : [],
        text,
      },
    ]),
  )
}

/** Every command that a person is told of, with its words. */
function all(command: Command, path: readonly string[] = ['remora']): [string, Command][] {
  const shown = command.createHelp().visibleCommands(command)
  return [
    [path.join(' '), command],
    ...command.commands
      .filter((one) => shown.includes(one))
      .flatMap((one) => all(one, [...path, one.name()])),
  ]
}

test('docs/cli.md has every command and flag that --help names, and none other', async () => {
  const sections = await page()
  const commands = all(createProgram(false, () => undefined))
  assert.deepEqual([...sections.keys()].sort(), commands.map(([name]) => name).sort())
  assert.equal(commands.length, 13)
  for (const [name, command] of commands) {
    const { flags, commands: inner } = namedInHelp(command.helpInformation())
    const section = sections.get(name)
    assert.deepEqual([section?.flags, section?.commands], [flags, inner], name)
    assert.ok(flags.length > 0, name)
    if (inner.length === 0)
      assert.match(section?.text ?? '', /\| exit code \|.*```console\n\$ remora /s, name)
  }
})

test('remora --help is what docs/cli.md was written from', async (t) => {
  const cwd = await workFolder(t)
  const { code, stdout } = await remora(t, ['tail', '--help'], { cwd })
  assert.equal(code, 0)
  const section = (await page()).get('remora tail')
  assert.deepEqual(namedInHelp(stdout), { flags: section?.flags, commands: section?.commands })
})
