/**
 * Vendor tools: found on the PATH and in their vendors' folders, run one at a time per family in a private working
 * directory that is removed afterwards, since they lock each other out, deadlock, and leave logs where they stand,
 * which on a RAM root is memory.
 */
import { constants } from 'node:fs'
import { access, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CommandResult } from './command.ts'
import { CommandError } from './errors.ts'
import type { CollectContext } from './model.ts'

/** How a tool is called and where it may be. */
export interface ToolPlaces {
  /** Tools of one family never run at the same time: `megaraid`. */
  readonly family: string
  /** Program names, the preferred one first. */
  readonly names: readonly string[]
  /** The vendors' folders on the host, looked at after the PATH. */
  readonly folders: readonly string[]
}

/** A tool that is there and may be called. */
export interface Tool {
  readonly family: string
  /** Its program name: `storcli64`. */
  readonly name: string
  /** Its path on this machine. */
  readonly program: string
}

/** What a tool is run with, inside `withTool`. */
export interface ToolCall {
  readonly name: string
  /** The exit code is a result: tools of this kind lie with it. @throws {CommandError} as the command runner */
  exec(args: readonly string[], bounds?: ToolBounds): Promise<CommandResult>
  /**
   * Takes a file that the tool left in its working directory: some write what they are asked into one alone.
   * @returns undefined if it left none
   * @throws {CommandError} it is bigger than that
   */
  left(name: string, mostBytes: number): Promise<Buffer | undefined>
}

export interface ToolBounds {
  /** Default 60. */
  readonly deadlineSeconds?: number
  readonly maxOutputBytes?: number
  /** Names what hangs when it is less than the whole family: one drive, so that the others are still asked. */
  readonly hangs?: string
}

type Around = Pick<CollectContext, 'run' | 'host' | 'signal'>

/** @returns every tool of these places that is there, the preferred first; a name found twice is taken from the PATH */
export async function findTools(
  { family, names, folders }: ToolPlaces,
  { run, host }: Around,
): Promise<Tool[]> {
  const onPath = run.path.split(':').filter((folder) => folder !== '')
  const places = [...onPath, ...folders.map((folder) => host.resolve(folder))]
  const found: Tool[] = []
  for (const name of names) {
    for (const folder of places) {
      const program = join(folder, name)
      if (!(await isExecutable(program))) continue
      found.push({ family, name, program })
      break
    }
  }
  return found
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Where the private folders are made: in memory, so that they wear and fill nothing else. */
const memoryFolders = ['/run', '/dev/shm', tmpdir()]

/** The last caller of each family; the next one waits for it. */
const callers = new Map<string, Promise<void>>()

/**
 * Has the tool to itself for as long as `work` takes: other callers of its family wait, whichever collector they are.
 * @throws the signal's reason while waiting; what `work` throws
 */
export async function withTool<T>(
  tool: Tool,
  { run, signal }: Around,
  work: (call: ToolCall) => Promise<T>,
): Promise<T> {
  const before = callers.get(tool.family)
  const done = Promise.withResolvers<void>()
  const last = Promise.all([before, done.promise]).then(() => undefined)
  callers.set(tool.family, last)
  try {
    await orAborted(before, signal)
    return await inPrivateFolder((cwd) =>
      work({
        name: tool.name,
        exec: (args, bounds = {}) =>
          run({
            program: tool.program,
            args,
            cwd,
            signal,
            key: ['tool', tool.family, bounds.hangs].filter(Boolean).join(' '),
            deadlineSeconds: bounds.deadlineSeconds ?? 60,
            ...(bounds.maxOutputBytes !== undefined && { maxOutputBytes: bounds.maxOutputBytes }),
          }),
        left: (name, mostBytes) => take(join(cwd, name), mostBytes),
      }),
    )
  } finally {
    // Whatever stands in the way of the folder, the next caller has its turn.
    done.resolve()
    if (callers.get(tool.family) === last) callers.delete(tool.family)
  }
}

/** Has `work` done in a folder in memory that is removed afterwards, whatever is left in it. */
export async function inPrivateFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await privateFolder()
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function take(path: string, mostBytes: number): Promise<Buffer | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) return undefined
  try {
    if (found.size > mostBytes)
      throw new CommandError(`Cannot read "${path}": more than ${mostBytes} bytes of output`)
    return await readFile(path)
  } finally {
    await rm(path, { force: true })
  }
}

const folderPrefix = 'remora-tool-'
/** No tool runs for so long. */
const staleMilliseconds = 3_600_000
/** Once in a process. */
let swept: Promise<void> | undefined

/** Removes what an agent that was killed has left in memory. One that is in the way of nobody may stay. */
export async function sweepFolders(base: string): Promise<void> {
  const names = await readdir(base).catch(() => [])
  for (const name of names.filter((name) => name.startsWith(folderPrefix))) {
    const path = join(base, name)
    const found = await stat(path).catch(() => undefined)
    if (found === undefined || Date.now() - found.mtimeMs < staleMilliseconds) continue
    await rm(path, { recursive: true, force: true }).catch(() => undefined)
  }
}

async function privateFolder(): Promise<string> {
  const errors: unknown[] = []
  for (const base of memoryFolders) {
    try {
      swept ??= sweepFolders(base)
      await swept
      return await mkdtemp(join(base, folderPrefix))
    } catch (error) {
      errors.push(error)
    }
  }
  throw new AggregateError(errors, `Cannot make a private folder in ${memoryFolders.join(', ')}`)
}

function orAborted(promise: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    Promise.resolve(promise)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}
