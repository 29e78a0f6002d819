/** Journal files of a newer systemd: their flags say that they cannot be read by the rules that the direct reader knows. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { headerBytes, parseHeader } from '../../collectors/journald/file/header.ts'
import { isJournal, journalFolders } from '../../collectors/journald/files.ts'
import { ParseError } from '../errors.ts'
import type { Tree } from '../tree.ts'
import { type Finding, warning } from './finding.ts'

/** @param options of the collector journald; undefined: it is not enabled @returns one finding or none */
export async function checkJournals(host: Tree, options: unknown): Promise<Finding[]> {
  if (typeof options !== 'object' || options === null) return []
  if (!('reader' in options) || options.reader !== 'direct') return []
  const strange: string[] = []
  let flags = 0
  for (const { path: folder } of await journalFolders(host)) {
    for (const name of await host.list(folder.slice(host.root === '/' ? 0 : host.root.length))) {
      if (!isJournal(name)) continue
      const path = join(folder, name)
      const unknown = await unknownFlags(path)
      if (unknown === 0) continue
      strange.push(path)
      flags = (flags | unknown) >>> 0
    }
  }
  const [first] = strange
  if (first === undefined) return []
  const which = strange.length === 1 ? first : `${strange.length} journal files, ${first} the first of them,`
  return [
    warning(
      'journald',
      `${which} can be read by journalctl alone: incompatible flags 0x${flags.toString(16)} of a newer systemd`,
      'set collectors.journald.options.reader to journalctl, or update Remora',
    ),
  ]
}

/** 0 too for what is no journal file, or gone, or forbidden: the collector tells that. */
async function unknownFlags(path: string): Promise<number> {
  try {
    await using file = await open(path, 'r')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0)
    return parseHeader(buffer.subarray(0, bytesRead), path).unknownFlags
  } catch (error) {
    const isSystem = error instanceof Error && 'code' in error
    if (error instanceof ParseError || isSystem) return 0
    throw error
  }
}
