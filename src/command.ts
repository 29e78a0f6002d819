/** The only file that starts processes: fixed arguments, no shell, LC_ALL=C, a deadline, bounded output. */

export interface Command {
  /** A program on the PATH or an absolute path. */
  readonly program: string
  readonly args: readonly string[]
  /** Seconds until the whole process group is killed; default 10. */
  readonly deadlineSeconds?: number
  /** Most bytes of stdout; more is a CommandError; default 8 MiB. */
  readonly maxOutputBytes?: number
  readonly cwd?: string
  /** Names what hangs (a tool, a mount): while a killed child of that key is stuck in D state no new one is started. Default: program and arguments. */
  readonly key?: string
  readonly signal?: AbortSignal
}

export interface CommandResult {
  readonly stdout: Buffer
  readonly stderr: string
  readonly exitCode: number
}

/** @throws {CommandError} not started, killed, timed out, too much output, or a child of that key still stuck. A non-zero exit code is a result. */
export type CommandRunner = (command: Command) => Promise<CommandResult>
