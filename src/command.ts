/** The only file that starts processes: fixed arguments, no shell, LC_ALL=C, a deadline, bounded output. */
import { spawn } from 'node:child_process'
import { CommandError } from './errors.ts'
import { groupAlive, killGroup, released, takeAlong } from './process-group.ts'

export interface Command {
  /** A program on the PATH or an absolute path. */
  readonly program: string
  readonly args: readonly string[]
  /** Seconds until the whole process group is killed; default 10. */
  readonly deadlineSeconds?: number
  /** Most bytes of stdout; more is a CommandError; default 8 MiB. */
  readonly maxOutputBytes?: number
  /** A local folder: one on a hung mount would hang the agent, which waits for the exec. Default `/`. */
  readonly cwd?: string
  /** Names what hangs (a tool, a mount): while a killed child of that key is stuck in D state no new one is started. Default: program and arguments. */
  readonly key?: string
  readonly signal?: AbortSignal
}

export interface CommandResult {
  readonly stdout: Buffer
  /** Its first 4 KiB. */
  readonly stderr: string
  readonly exitCode: number
}

/** @throws {CommandError} not started, killed, timed out, too much output, or a child of that key still stuck. A non-zero exit code is a result. */
export type RunCommand = (command: Command) => Promise<CommandResult>

/** `path`: the folders in which programs are found, as in PATH. */
export type CommandRunner = RunCommand & { readonly path: string }

/**
 * Starts a tool that runs on: yields its stdout piece by piece, and while nobody asks for the next piece the tool waits.
 * Without a deadline or a bound. Ends with the tool if its exit code is 0. The tool and its group are killed at the
 * signal, and when the caller leaves.
 * @throws {CommandError} not started, ended otherwise, or stopped by the signal
 */
export type CommandStreamer = (
  command: Omit<Command, 'deadlineSeconds' | 'maxOutputBytes'>,
) => AsyncGenerator<Buffer, void>

/** A process group that outlived SIGKILL. */
export interface StuckChild {
  readonly key: string
  readonly program: string
  readonly pid: number
  /** When it was killed, in milliseconds since the epoch. */
  readonly sinceMilliseconds: number
}

export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const defaultDeadlineSeconds = 10
const defaultOutputBytes = 8 << 20
const stderrBytes = 4096
/** How long a killed child may take to go before it counts as stuck. */
const killMilliseconds = 1000
/** How long stdout may stay open after the tool's own exit: a daemon it left behind can hold it forever. */
const drainMilliseconds = 500

/**
 * A runner with its own memory of stuck children.
 * @param path the folders in which programs are found, as in PATH; also the child's PATH.
 * @returns the runner; its `stuck()` lists the groups that outlived SIGKILL and are still there.
 */
export function commandRunner(
  path = defaultPath,
): CommandRunner & { stuck(): Promise<StuckChild[]>; stream: CommandStreamer } {
  const stuck = new Set<StuckChild>()

  async function list(): Promise<StuckChild[]> {
    for (const entry of stuck) if (!(await groupAlive(entry.pid))) stuck.delete(entry)
    return [...stuck]
  }

  /** @returns what notes a child that outlived SIGKILL */
  async function admit({ program, args, signal, ...command }: Command): Promise<(pid: number) => void> {
    const key = command.key ?? [program, ...args].join(' ')
    const before = stuck.size > 0 && (await list()).find((entry) => entry.key === key)
    if (before) {
      const seconds = Math.round((Date.now() - before.sinceMilliseconds) / 1000)
      const why = `process ${before.pid} is still stuck, killed ${seconds} s ago`
      throw new CommandError(`Cannot run "${program}": ${why}`, { timedOut: true })
    }
    if (signal?.aborted) throw new CommandError(`Cannot run "${program}": stopped`)
    return (pid) => stuck.add({ key, program, pid, sinceMilliseconds: Date.now() - killMilliseconds })
  }

  async function run(command: Command): Promise<CommandResult> {
    const onStuck = await admit(command)
    return finish(start(command, path), command, onStuck)
  }

  async function* stream(command: Command): AsyncGenerator<Buffer, void> {
    const onStuck = await admit(command)
    yield* pieces(start(command, path), command, onStuck)
  }

  return Object.assign(run, { path, stuck: list, stream })
}

function start({ program, args, cwd = '/' }: Command, path: string) {
  try {
    return spawn(program, args, {
      cwd,
      env: { PATH: path, LC_ALL: 'C' },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (cause) {
    throw new CommandError(`Cannot run "${program}"`, { cause })
  }
}

type Started = ReturnType<typeof start>

/**
 * Waits for the end of a child, one way or another.
 * @param onStuck called before the rejection when its group outlives SIGKILL.
 */
async function finish(child: Started, command: Command, onStuck: (pid: number) => void) {
  const { program, signal, cwd } = command
  const { deadlineSeconds = defaultDeadlineSeconds, maxOutputBytes = defaultOutputBytes } = command
  const { pid } = child
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>()
  const timers: NodeJS.Timeout[] = []
  const after = (milliseconds: number, then: () => void) => timers.push(setTimeout(then, milliseconds))
  const stdout: Buffer[] = []
  let stdoutBytes = 0
  let stderr = Buffer.alloc(0)
  /** Why it was killed; set once. */
  let killed: { readonly why: string; readonly timedOut: boolean } | undefined

  const fail = (why: string, timedOut = false) =>
    reject(new CommandError(`Cannot run "${program}": ${why}`, { stderr: text(stderr), timedOut }))
  const kill = (why: string, timedOut = false) => {
    if (killed || pid === undefined) return
    killed = { why, timedOut }
    killGroup(pid)
    after(killMilliseconds, () => void judge(pid, true))
  }
  /** The leader may be gone while a member of its group is stuck, so the group decides. */
  const judge = async (group: number, atLast: boolean) => {
    if (!killed) return
    if (!(await groupAlive(group))) fail(killed.why, killed.timedOut)
    else if (atLast) {
      onStuck(group)
      fail(`${killed.why}; process ${group} is stuck`, true)
    }
  }
  const end = (code: number | null, by: NodeJS.Signals | null) => {
    if (pid === undefined) return // It never started: `error` says why.
    if (killed) void judge(pid, false)
    else if (code === null) fail(`ended by ${by}`)
    else resolve({ stdout: Buffer.concat(stdout), stderr: text(stderr), exitCode: code })
  }
  const abort = () => kill('stopped')

  child.once('error', (error) => fail(notStarted(error, cwd)))
  child.once('exit', (code, by) => {
    // What is still in the pipe is read before `close`; a daemon that holds the pipe open is not waited for.
    if (killed) end(code, by)
    else after(drainMilliseconds, () => end(code, by))
  })
  child.once('close', end)
  // Out of file descriptors, a child has no pipes, only its error.
  child.stdout?.on('data', (piece: Buffer) => {
    if (killed) return
    stdoutBytes += piece.length
    stdout.push(piece)
    if (stdoutBytes > maxOutputBytes) kill(`more than ${maxOutputBytes} bytes of output`)
  })
  child.stderr?.on('data', (piece: Buffer) => {
    if (stderr.length < stderrBytes) stderr = Buffer.concat([stderr, piece]).subarray(0, stderrBytes)
  })
  after(deadlineSeconds * 1000, () => kill(`killed after ${deadlineSeconds} s`, true))
  signal?.addEventListener('abort', abort)
  if (pid !== undefined) takeAlong(pid)

  try {
    return await promise
  } finally {
    for (const timer of timers) clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
    if (pid !== undefined) released(pid)
    child.stdout?.destroy()
    child.stderr?.destroy()
    child.unref()
  }
}

/** The stdout of a child for as long as it runs and the caller asks. */
async function* pieces(
  child: Started,
  { program, signal, cwd }: Command,
  onStuck: (pid: number) => void,
): AsyncGenerator<Buffer, void> {
  const { pid } = child
  const ended = Promise.withResolvers<string | undefined>()
  let stderr = Buffer.alloc(0)
  let exitCode: number | undefined
  let over = false
  const end = (why: string | undefined) => {
    over = true
    ended.resolve(why)
  }
  const kill = () => {
    if (pid !== undefined && !over) killGroup(pid)
  }
  child.once('error', (error) => end(notStarted(error, cwd)))
  child.once('exit', (code, by) => {
    // A daemon it left behind can hold the pipe open forever.
    setTimeout(() => child.stdout?.destroy(), drainMilliseconds).unref()
    exitCode = code ?? undefined
    end(code === 0 ? undefined : code === null ? `ended by ${by}` : `exit code ${code}`)
  })
  child.stderr?.on('data', (piece: Buffer) => {
    if (stderr.length < stderrBytes) stderr = Buffer.concat([stderr, piece]).subarray(0, stderrBytes)
  })
  signal?.addEventListener('abort', kill)
  if (pid !== undefined) takeAlong(pid)
  try {
    for await (const piece of child.stdout ?? []) yield piece
    const why = signal?.aborted ? 'stopped' : await ended.promise
    const said = text(stderr)
    if (why !== undefined)
      throw new CommandError(`Cannot run "${program}": ${why}${said && `: ${said}`}`, {
        stderr: said,
        exitCode,
      })
  } finally {
    signal?.removeEventListener('abort', kill)
    if (pid !== undefined) {
      kill()
      if (!(await endedWithin(ended.promise, killMilliseconds))) onStuck(pid)
      released(pid)
    }
    child.stdout?.destroy()
    child.stderr?.destroy()
    child.unref()
  }
}

async function endedWithin(ended: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false)
  })
  try {
    return await Promise.race([ended.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}

function notStarted(error: Error, cwd: string | undefined): string {
  const code = 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return cwd === undefined ? 'not found' : `it or the folder "${cwd}" not found`
  if (code === 'EACCES') return 'not allowed to run it'
  return error.message
}

function text(bytes: Buffer): string {
  return bytes.toString('utf8').trimEnd()
}
