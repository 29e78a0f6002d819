/**
 * The last heartbeat of a ledger as a file of its own beside the segments, `heartbeat-<node>-<boot>-<ledger>.json`, one
 * line, replaced by each. Of earlier boots of this node the newest few stay: they say what died with those.
 */
import { open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Origin } from '../forwarder.ts'
import type { Heartbeat } from '../heartbeat.ts'
import { errorCode } from './folder.ts'
import { ownerOf } from './segment-name.ts'

const mostFiles = 20

/** Never makes the folder: until a batch has, there is nothing a heartbeat could tell of. @throws system errors */
export async function writeHeartbeat(folder: string, origin: Origin, { text }: Heartbeat): Promise<void> {
  const { node, boot, ledger } = ownerOf(origin)
  const name = `heartbeat-${node}-${boot}-${ledger}.json`
  const known = (await readdir(folder)).filter((file) => isOf(node, file))
  const next = join(folder, `.${name}.next`)
  const handle = await open(next, 'w', 0o640)
  try {
    await handle.writeFile(`${text}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(next, join(folder, name))
  if (!known.includes(name)) await forget(folder, known)
}

/** The files of another node whose name begins like ours are not ours. */
function isOf(node: string, file: string): boolean {
  const prefix = `heartbeat-${node}-`
  return file.startsWith(prefix) && /^[0-9a-z]{1,8}-[0-9a-z]{1,8}\.json$/.test(file.slice(prefix.length))
}

async function forget(folder: string, known: readonly string[]): Promise<void> {
  const aged: { path: string; modified: number }[] = []
  for (const file of known) {
    const path = join(folder, file)
    try {
      aged.push({ path, modified: (await stat(path)).mtimeMs })
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
    }
  }
  const old = aged.sort((a, b) => b.modified - a.modified).slice(mostFiles - 1)
  for (const { path } of old) await unlink(path)
}
