/**
 * The files of one node in a folder: one open, the closed ones within a bound. Calls must not overlap.
 * What dead agents of this node left open is taken over and closed. Dead is: our own ledger (a spool has one agent),
 * another boot, or not written to for twice the age at which files are closed. Should such an agent live after
 * all, it finds its file gone and goes on in a new one; at worst a batch it never counted spoils the end of the old.
 */
import { rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../clock.ts'
import type { FileSinkConfig } from '../../sink-schemas.ts'
import type { Origin } from '../forwarder.ts'
import { boundBytes, errorCode, listSegments, makeFolder, type SegmentFile } from './folder.ts'
import { repair } from './repair.ts'
import { createSegment, type Segment, SegmentGoneError } from './segment.ts'
import { formatName, ownerOf } from './segment-name.ts'

/** The open file stays as it is: only the frame that found no room is cut off. */
const noRoom = new Set(['ENOSPC', 'EDQUOT'])

export interface FileStore {
  /** Adds one frame to the open file. @returns false if it can never fit within the bound */
  append(frame: Uint8Array, records: number, signal: AbortSignal): Promise<boolean>
  /** Milliseconds until the open file reaches its age; undefined without one. */
  dueMilliseconds(): number | undefined
  closeAged(): Promise<void>
  close(): Promise<void>
  state(): {
    readonly bytes: number
    readonly deleted: { readonly segments: number; readonly records: number; readonly bytes: number }
  }
}

export function fileStore(config: FileSinkConfig, origin: Origin, clock: Clock): FileStore {
  const folder = config.path
  const owner = ownerOf(origin)
  const deleted = { segments: 0, records: 0, bytes: 0 }
  let closed: SegmentFile[] = []
  let open: { readonly segment: Segment; readonly dueMonotonic: number } | undefined
  let counter = 0
  let bound = config.max_bytes

  const openBytes = () => open?.segment.bytes() ?? 0
  const closedBytes = () => closed.reduce((sum, { bytes }) => sum + bytes, 0)
  const isAged = () => open !== undefined && clock.monotonic() >= open.dueMonotonic
  /** Several files fit within any bound, so that the oldest can go without the newest. */
  const isFull = () => openBytes() >= Math.min(config.segment_bytes, bound / 4)

  /** What is in the folder, made when missing, after closing what others left. */
  async function takeStock(): Promise<void> {
    await makeFolder(folder)
    bound = await boundBytes(folder, config.max_bytes)
    const found = await listSegments(folder, owner.node)
    const ours = found.filter(({ name }) => name.ledger === owner.ledger)
    counter = Math.max(counter, ...ours.map(({ name }) => name.counter))
    for (const left of found) {
      if (left.name.records !== undefined || !isLeft(left)) continue
      try {
        await repair(folder, await takeOver(left))
      } catch {
        // Another agent was faster, or it may not be touched: it stays as it is, and is tried with the next file.
      }
    }
    closed = (await listSegments(folder, owner.node)).filter(({ name }) => name.records !== undefined)
  }

  function isLeft({ name, writtenMilliseconds }: SegmentFile): boolean {
    if (name.ledger === owner.ledger) return true
    if (name.boot !== owner.boot) return true
    return clock.now() - writtenMilliseconds > 2000 * config.segment_seconds
  }

  /** Renames a file to a name of ours first, so that whoever may still write it notices, and one agent only repairs it. */
  async function takeOver(left: SegmentFile): Promise<SegmentFile> {
    if (left.name.ledger === owner.ledger) return left
    counter += 1
    const name = { ...left.name, ledger: owner.ledger, counter }
    const file = formatName(name)
    await rename(join(folder, left.file), join(folder, file))
    return { ...left, file, name }
  }

  /** Closes the open file. If that fails it is let go, whole as it is, and repaired with the next taking stock. */
  async function finish(): Promise<void> {
    if (!open) return
    try {
      const finished = await open.segment.finish()
      if (finished) closed.push(finished)
    } catch (error) {
      if (!(error instanceof SegmentGoneError)) throw error
    } finally {
      await abandon()
    }
  }

  async function abandon(): Promise<void> {
    const { segment } = open ?? {}
    open = undefined
    await segment?.abandon()
  }

  async function makeRoom(bytes: number): Promise<boolean> {
    if (bytes > bound) return false
    while (closedBytes() + openBytes() + bytes > bound) {
      const [oldest] = closed
      if (oldest === undefined) {
        await finish()
        continue
      }
      try {
        await unlink(join(folder, oldest.file))
        deleted.segments += 1
        deleted.records += oldest.name.records ?? 0
        deleted.bytes += oldest.bytes
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error // Deleted by someone else, who counts it.
      }
      closed.shift()
    }
    return true
  }

  async function create(): Promise<Segment> {
    const startMilliseconds = Math.floor(clock.now() / 1000) * 1000
    counter += 1
    const segment = await createSegment(folder, { ...owner, startMilliseconds, counter })
    open = { segment, dueMonotonic: clock.monotonic() + config.segment_seconds * 1000 }
    return segment
  }

  return {
    async append(frame, records, signal) {
      for (let first = true; ; first = false) {
        signal.throwIfAborted()
        if (isFull() || isAged()) await finish()
        if (!open) await takeStock()
        if (!(await makeRoom(frame.length))) return false
        const segment = open?.segment ?? (await create())
        try {
          await segment.append(frame, records, signal)
          return true
        } catch (error) {
          if (signal.aborted || noRoom.has(errorCode(error))) throw error
          // Whatever it was, we hold nothing of a broken file system, and find out afresh what is there.
          await abandon()
          if (!first || !(error instanceof SegmentGoneError)) throw error
        }
      }
    },
    dueMilliseconds: () => open && Math.max(0, open.dueMonotonic - clock.monotonic()),
    async closeAged() {
      if (isAged()) await finish()
    },
    close: finish,
    state: () => ({ bytes: closedBytes() + openBytes(), deleted: { ...deleted } }),
  }
}
