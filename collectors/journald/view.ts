/**
 * What one journalctl is to read, as a private folder of links. `--merge` alone would also read
 * /var/log/journal/remote, without it `--follow` reads this boot and this machine id only, and `--directory` takes one
 * folder; but it reads every sub-folder whose name looks like a machine id, links to folders included.
 */
import { rmSync } from 'node:fs'
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const prefix = 'remora-journal-'
const left = /^remora-journal-(\d+)-\w+$/

export interface View extends Disposable {
  readonly path: string
}

/**
 * Makes a folder with a link to each of these. It goes when disposed, and at once at the signal, since nobody waits for
 * a source when the agent ends; those of agents that died go here.
 */
export async function createView(folders: readonly string[], signal: AbortSignal): Promise<View> {
  await removeLeft()
  const path = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`))
  const remove = () => rmSync(path, { recursive: true, force: true })
  signal.addEventListener('abort', remove)
  const view = {
    path,
    [Symbol.dispose]() {
      signal.removeEventListener('abort', remove)
      remove()
    },
  }
  try {
    for (const [index, folder] of folders.entries())
      await symlink(folder, join(path, (index + 1).toString(16).padStart(32, '0')))
    if (signal.aborted) throw signal.reason
    return view
  } catch (error) {
    view[Symbol.dispose]()
    throw error
  }
}

async function removeLeft(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = left.exec(name) ?? []
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
