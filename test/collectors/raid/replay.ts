/** Machines whose vendor tools replay texts: test/bin/replay.sh under the tools' names. */

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { commandRunner, type RunCommand } from '../../../src/command.ts'

const program = join(import.meta.dirname, '../../bin/replay.sh')
const fixtures = join(import.meta.dirname, '../../fixtures/raid')

/** What a tool answers: a folder of test/fixtures/raid, or texts by the words it is asked with. */
export type Answers = string | Readonly<Record<string, string>>

export interface Machine {
  /** As in PATH: the tools, and what their shell needs. */
  readonly path: string
  /** An empty root: no vendor's folder is in it. */
  readonly folder: string
  /** Answers anew from now on. */
  answer(tool: string, answers: Readonly<Record<string, string>>): Promise<void>
}

/** @param tools by program name */
export async function machineWith(
  t: TestContext,
  tools: Readonly<Record<string, Answers>>,
): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-raid-'))
  t.after(() => rm(folder, { recursive: true }))
  const bin = join(folder, 'bin')
  await mkdir(bin)
  const machine: Machine = {
    path: `${bin}:/usr/bin:/bin`,
    folder,
    async answer(tool, answers) {
      for (const [words, text] of Object.entries(answers)) {
        const file = join(bin, `${tool}.d`, words.replaceAll(' ', '_'))
        await mkdir(dirname(file), { recursive: true })
        await writeFile(file, text)
      }
    },
  }
  for (const [tool, answers] of Object.entries(tools)) {
    await symlink(program, join(bin, tool))
    if (typeof answers === 'string') await symlink(join(fixtures, answers), join(bin, `${tool}.d`))
    else await machine.answer(tool, answers)
  }
  return machine
}

/** The machine's own runner, with a second of patience for what is asked in these words. */
export function impatient({ path }: Machine, ...questions: readonly string[]): RunCommand {
  const run = commandRunner(path)
  return (command) =>
    run(questions.includes(command.args.join(' ')) ? { ...command, deadlineSeconds: 1 } : command)
}
