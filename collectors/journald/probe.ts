/** Whether the journal can be read, and where not, the command that mends it. */
import { access, constants } from 'node:fs/promises'
import type { CollectContext, Presence } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'
import { isJournal, roots } from './files.ts'

/** `mended`: someone must do something; without a journal there may never be one. */
export async function probe(
  { host, run, signal }: Pick<CollectContext, 'host' | 'run' | 'signal'>,
  needsJournalctl: boolean,
): Promise<Presence & { readonly mended?: boolean }> {
  const args = ['--version']
  const version =
    needsJournalctl && (await run({ program: 'journalctl', args, signal }).catch(() => undefined))
  if (version !== false && version?.exitCode !== 0)
    return {
      here: false,
      mended: true,
      why: 'there is no journalctl that runs; `apt-get install systemd`, or the like, brings it',
    }
  const there = await Promise.all(roots.map((root) => host.exists(root)))
  if (!there.includes(true))
    return {
      here: false,
      mended: false,
      why: 'there is no /run/log/journal and no /var/log/journal; `systemctl start systemd-journald` makes one',
    }
  const path = await forbidden(host)
  if (path === undefined) return { here: true }
  return {
    here: false,
    mended: true,
    why: `${path} may not be read; run as root, or \`usermod -aG systemd-journal USER\``,
  }
}

/** @returns the first folder or journal file that this process may not read */
async function forbidden(host: Tree): Promise<string | undefined> {
  for (const root of roots) {
    if (await isDenied(host.resolve(root))) return host.resolve(root)
    for (const name of await host.list(root)) {
      if (!/^[0-9a-f]{32}/.test(name)) continue
      const folder = `${root}/${name}`
      if (await isDenied(host.resolve(folder))) return host.resolve(folder)
      for (const file of await host.list(folder)) {
        const path = host.resolve(`${folder}/${file}`)
        if (isJournal(file) && (await isDenied(path))) return path
      }
    }
  }
  return undefined
}

async function isDenied(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')
  }
}
