/** A host's root folder with stand-in tools in their vendor's folder. */
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

export const standIn = join(import.meta.dirname, '../../../bin/storcli64')

export interface StandIn {
  /** The host's root. */
  readonly root: string
  /** Above the root: for `contextOf`. */
  readonly folder: string
  /** Replaces what it answers. */
  answer(answers: Readonly<Record<string, string>>): Promise<void>
  set(file: 'mode' | 'slow', value: string): Promise<void>
  /** The lines of a file beside it, none if it is not there. */
  lines(file: 'calls' | 'where' | 'group' | 'flooded' | 'collisions'): Promise<readonly string[]>
}

/** @param tool where it is in the host's root */
export async function hostWith(
  t: TestContext,
  answers: Readonly<Record<string, string>>,
  tool = 'opt/MegaRAID/storcli/storcli64',
): Promise<StandIn> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-raid-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const root = join(folder, 'root')
  const here = join(root, tool, '..')
  await mkdir(join(here, 'answers'), { recursive: true })
  await copyFile(standIn, join(root, tool))
  const answer = async (all: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(all)) {
      // Whole or not at all: an agent may be asking.
      await writeFile(join(here, 'new'), text)
      await rename(join(here, 'new'), join(here, 'answers', name))
    }
  }
  await answer(answers)
  return {
    root,
    folder,
    answer,
    set: (file, value) => writeFile(join(here, file), `${value}\n`),
    lines: async (file) => {
      const text = await readFile(join(here, file), 'utf8').catch(() => '')
      return text.split('\n').filter((line) => line !== '')
    },
  }
}
