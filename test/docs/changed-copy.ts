/** A copy of the sources in which some files were changed, to see what the gate says of it. */
import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const project = join(import.meta.dirname, '../..')

/** @param changes by file, which need not be there; a change that changes nothing is an error */
export async function changedCopy(changes: Readonly<Record<string, (text: string) => string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'remora-copy-'))
  for (const part of [
    'docs',
    'src',
    'collectors',
    'dashboards',
    'package.json',
    'page-script.ts',
    'tsconfig.json',
    'proto',
  ])
    await cp(join(project, part), join(folder, part), { recursive: true })
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'))
  for (const [file, change] of Object.entries(changes)) {
    const text = await readFile(join(folder, file), 'utf8').catch(() => '')
    const changed = change(text)
    if (changed === text) throw new Error(`Cannot change "${file}": what is to be changed is not in it`)
    await writeFile(join(folder, file), changed)
  }
  return {
    /** Runs a program of the copy; what it says on both outputs is `stderr`. */
    run(file: string, ...args: string[]) {
      const { status, stderr, stdout } = spawnSync(process.execPath, [file, ...args], {
        cwd: folder,
        encoding: 'utf8',
      })
      return { status, stderr: stdout + stderr }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}
