/** Mounts that hang for real, for as long as a test needs them. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface HungMounts extends AsyncDisposable {
  readonly paths: readonly string[]
  /** From now on who asks waits as for a file server that is gone: SIGKILL ends it. Those before it does not. */
  beKillable(): void
  /** Aborts the connections and unmounts: whoever hung is released. */
  release(): Promise<void>
}

/** Mounts `count` file systems that take requests and never answer. */
export async function hungMounts(count: number): Promise<HungMounts> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-hung-'))
  const paths = Array.from({ length: count }, (_, index) => join(folder, `hung ${index + 1}`))
  for (const path of paths) await mkdir(path)
  const server = spawn(process.execPath, [join(import.meta.dirname, 'bin/hung-fuse.ts'), ...paths], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(server, 'exit')
  let released = false
  const release = async () => {
    if (released) return
    released = true
    server.kill('SIGCONT')
    server.stdin.end()
    await ended
    for (const path of paths) spawnSync('umount', ['-l', '-c', path]) // Only what a killed server left.
    await rm(folder, { recursive: true })
  }
  const ready = await Promise.race([once(server.stdout, 'data').then(() => true), ended.then(() => false)])
  if (!ready) {
    await release()
    throw new Error('Cannot mount what hangs: the FUSE server ended')
  }
  // A request that the server has not read yet can be taken back.
  const beKillable = () => {
    server.kill('SIGSTOP')
  }
  return { paths, beKillable, release, [Symbol.asyncDispose]: release }
}
