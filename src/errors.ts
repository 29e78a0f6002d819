/** Every error class on which a caller decides. Messages read: Cannot <verb> <thing> "<value>": <reason>. */

/** The configuration is wrong: the message names file, line, key, value and what is allowed. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** Kept of what a ParseError quotes: it goes to the log and the page. */
const longestQuote = 300

/** Text or bytes from outside do not have the shape their format promises. Of a long quotation the middle is left out. */
export class ParseError extends Error {
  override name = 'ParseError'

  constructor(message: string, options?: ErrorOptions) {
    const half = longestQuote / 2
    const short = message.length <= longestQuote
    super(short ? message : `${message.slice(0, half)} … ${message.slice(-half)}`, options)
  }
}

/** A tool could not be started, failed, printed too much, or missed its deadline. */
export class CommandError extends Error {
  override name = 'CommandError'
  readonly exitCode: number | undefined
  readonly stderr: string
  readonly timedOut: boolean

  constructor(
    message: string,
    detail: { exitCode?: number | undefined; stderr?: string; timedOut?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: detail.cause })
    this.exitCode = detail.exitCode
    this.stderr = detail.stderr ?? ''
    this.timedOut = detail.timedOut ?? false
  }
}

/** Why a vendor's tool gives nothing: said by it, understood by us, each its own word of `raid_tool_state`. */
export type ToolRefusal = 'no-controller' | 'no-permission' | 'unsupported-version'

/** A vendor's tool ran and said that it has nothing to give. */
export class ToolError extends Error {
  override name = 'ToolError'
  readonly refusal: ToolRefusal

  constructor(message: string, refusal: ToolRefusal, options?: ErrorOptions) {
    super(message, options)
    this.refusal = refusal
  }
}

/** A file system did not say how full it is. */
export class StatfsError extends Error {
  override name = 'StatfsError'
  /** It did not answer in time; else it answered with an error. */
  readonly hung: boolean
  /** Its own words, for a label: `permission denied`. */
  readonly reason: string

  constructor(path: string, reason: string, detail: { hung: boolean; cause?: unknown }) {
    super(`Cannot statfs "${path}": ${reason}`, { cause: detail.cause })
    this.hung = detail.hung
    this.reason = reason
  }
}

/** Stored bytes are not what was written: the message names the file and the batch. */
export class CorruptionError extends Error {
  override name = 'CorruptionError'
}

/** The spool cannot take a batch now: no room that may be given up, or its disk refuses. The source keeps its place. */
export class SpoolUnavailableError extends Error {
  override name = 'SpoolUnavailableError'
}

/** The quarantine of a required sink is full: the sink stops until someone replays or drops what is in it. */
export class QuarantineFullError extends Error {
  override name = 'QuarantineFullError'
}

/** Another process holds what only one may hold. */
export class LockedError extends Error {
  override name = 'LockedError'
}

/** Why a part was passed over: few words, a label. */
export function skipReason(error: Error): string {
  if (error instanceof ToolError) return error.refusal
  return error instanceof CommandError && error.timedOut ? 'timeout' : 'part'
}

/** The message of anything thrown, with its causes; one that says its cause already does not say it again. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause === undefined) return error.message
  const cause = describe(error.cause)
  return error.message.endsWith(cause) ? error.message : `${error.message}: ${cause}`
}
