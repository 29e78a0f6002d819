/**
 * What one journalctl is to read, as a private folder of links. `--merge` alone would also read
 * /var/log/journal/remote, without it `--follow` reads this boot and this machine id only, and `--directory` takes one
 * folder; but it reads every sub-folder whose name looks like a machine id, links to folders included.
 */
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const prefix = 'remora-journal-'

export interface View extends AsyncDisposable {
  readonly path: string
}

/** Makes a folder with a link to each of these. It goes when disposed; those of agents that died go here. */
export async function createView(folders: readonly string[]): Promise<View> {
  await removeLeft()
  const path = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`))
  for (const [index, folder] of folders.entries())
    await symlink(folder, join(path, (index + 1).toString(16).padStart(32, '0')))
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

async function removeLeft(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = name.startsWith(prefix) ? (/(\d+)-\w+$/.exec(name) ?? []) : []
    if (pid === undefined || isAlive(Number(pid))) continue
    // Another user's is not ours to remove.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}
