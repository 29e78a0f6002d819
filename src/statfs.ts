/**
 * statfs(2) that cannot block the agent. Node runs it on one of four threads, and no deadline frees a thread that
 * the kernel holds: what may hang is asked by a child process instead, at most one per mount.
 * The child is `stat -f` of coreutils or busybox.
 * @see statfs(2), stat(1)
 */
import { statfs } from 'node:fs/promises'
import { getSystemErrorMessage } from 'node:util'
import type { RunCommand } from './command.ts'
import { CommandError, ParseError, StatfsError } from './errors.ts'

/** What statfs says of a file system, in bytes and counts. */
export interface FileSystemUsage {
  readonly sizeBytes: number
  readonly freeBytes: number
  /** Free to unprivileged users. */
  readonly availableBytes: number
  readonly files: number
  readonly filesFree: number
}

/**
 * @param canHang the mount is on the network or FUSE, or below one that is: ask by a child at once.
 * @throws {StatfsError} no answer in time, or an error for an answer
 */
export type UsageReader = (path: string, canHang: boolean) => Promise<FileSystemUsage>

/** A mount that hung the last time is given this long to show that it answers again; its child goes on for longer. */
const hungWaitSeconds = 0.2

/**
 * A reader with its own memory of what hung.
 * A path that missed its deadline in process is asked by a child from then on, since its thread may never return.
 */
export function usageReader(run: RunCommand, deadlineSeconds = 2): UsageReader {
  const missed = new Set<string>()
  const hung = new Set<string>()
  const children = new Map<string, Promise<FileSystemUsage>>()

  /** Joins the child that asks this path already, or starts it. */
  function child(path: string): Promise<FileSystemUsage> {
    const under = children.get(path)
    if (under) return under
    const asked = askChild(run, path, deadlineSeconds).finally(() => children.delete(path))
    children.set(path, asked)
    asked.then(
      () => hung.delete(path),
      (error) => (error instanceof StatfsError && error.hung ? hung.add(path) : hung.delete(path)),
    )
    return asked
  }

  return async (path, canHang) => {
    if (canHang || missed.has(path)) {
      return within(child(path), hung.has(path) ? hungWaitSeconds : deadlineSeconds, path)
    }
    try {
      return await within(askInProcess(path), deadlineSeconds / 2, path)
    } catch (error) {
      if (!(error instanceof StatfsError && error.hung)) throw error
      // Threads can also be busy with other work: the child tells which it was.
      missed.add(path)
      return within(child(path), deadlineSeconds / 2, path)
    }
  }
}

async function askInProcess(path: string): Promise<FileSystemUsage> {
  try {
    const found = await statfs(path, { bigint: true })
    return usage(
      [found.blocks, found.bfree, found.bavail, found.frsize, found.files, found.ffree].map(Number),
    )
  } catch (cause) {
    throw new StatfsError(path, systemWords(cause), { hung: false, cause })
  }
}

async function askChild(run: RunCommand, path: string, deadlineSeconds: number): Promise<FileSystemUsage> {
  const args = ['-f', '-c', '%b %f %a %S %c %d', path]
  try {
    const result = await run({ program: 'stat', args, deadlineSeconds, key: `statfs ${path}` })
    if (result.exitCode === 0) return parseStat(result.stdout.toString('utf8'))
    throw new StatfsError(path, lastWords(result.stderr), { hung: false })
  } catch (cause) {
    if (cause instanceof ParseError) throw new StatfsError(path, 'unexpected answer', { hung: false, cause })
    if (!(cause instanceof CommandError)) throw cause
    throw new StatfsError(path, cause.timedOut ? noAnswer : cause.message, { hung: cause.timedOut, cause })
  }
}

/**
 * Parses the answer of `stat -f -c '%b %f %a %S %c %d'`: blocks, free, available, block size, files, free files.
 * @throws {ParseError} if it is not six whole numbers
 */
export function parseStat(text: string): FileSystemUsage {
  const words = text.trim().split(' ')
  if (words.length !== 6 || !words.every((word) => /^\d+$/.test(word))) {
    throw new ParseError(`Cannot parse stat -f "${text}": not six whole numbers`)
  }
  return usage(words.map(Number))
}

function usage([blocks = 0, free = 0, available = 0, blockSize = 0, files = 0, filesFree = 0]: number[]) {
  return {
    sizeBytes: blocks * blockSize,
    freeBytes: free * blockSize,
    availableBytes: available * blockSize,
    files,
    filesFree,
  }
}

const noAnswer = 'no answer'

/** @throws {StatfsError} hung, when the time is over */
function within<T>(answer: Promise<T>, seconds: number, path: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const late = () => reject(new StatfsError(path, noAnswer, { hung: true }))
  // After a stall of the event loop the answer may lie ready behind this timer: one turn lets it pass.
  const timer = setTimeout(() => setImmediate(late), seconds * 1000)
  return Promise.race([answer, promise]).finally(() => clearTimeout(timer))
}

/** The reason in the words that Go, and so node_exporter, uses. */
function systemWords(error: unknown): string {
  if (!(error instanceof Error && 'errno' in error && typeof error.errno === 'number')) return String(error)
  const words = getSystemErrorMessage(error.errno) ?? error.message
  return words === 'i/o error' ? 'input/output error' : words
}

/** `stat: cannot read file system information for 'PATH': Permission denied` → `permission denied`. */
function lastWords(stderr: string): string {
  const words = stderr.slice(stderr.lastIndexOf(': ') + 2) || 'no reason given'
  return words.charAt(0).toLowerCase() + words.slice(1)
}

const canHang = new Set(
  'nfs nfs4 cifs smb3 smbfs ncpfs ceph glusterfs lustre beegfs gpfs panfs wekafs orangefs pvfs2 gfs2 ocfs2 afs coda 9p virtiofs davfs autofs fuse fuseblk'.split(
    ' ',
  ),
)

/** Whether a file system asks somebody outside the kernel, who may never answer. */
export function networkOrFuse(fsType: string): boolean {
  return canHang.has(fsType) || fsType.startsWith('fuse.')
}
