/**
 * The agent's own log: pino, to stderr, written before the call returns, so that a crash loses no line.
 * One JSON object per line with ISO time and a level in words; on a terminal a plain line.
 * Remora's lines may come back to it through the journal, so none is written per record, retry or scrape: callers log
 * changes of state, and at most ten lines of one cause pass in any minute.
 */
import { type DestinationStream, destination, type Level, pino, stdTimeFunctions } from 'pino'

export type LogLevel = Extract<Level, 'debug' | 'info' | 'warn' | 'error'>

/** Lines of one cause in any minute. */
const mostLines = 10
const windowMilliseconds = 60_000
/** Causes are few words; this only bounds a caller's mistake. */
const mostCauses = 1000

export interface Log {
  /**
   * Writes one line.
   * @param cause what the limit of ten lines a minute is counted by: `collector zram`, `sink local`
   * @param fields what else the line carries; never a secret
   */
  debug(cause: string, message: string, fields?: Readonly<Record<string, unknown>>): void
  info(cause: string, message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(cause: string, message: string, fields?: Readonly<Record<string, unknown>>): void
  error(cause: string, message: string, fields?: Readonly<Record<string, unknown>>): void
  /** Writes a line only if the state of this cause differs from the one last told; the first always does. */
  onChange(cause: string, state: string, message: string, level?: LogLevel): void
  setLevel(level: LogLevel): void
  /** Lines the limit has held back since the start. */
  suppressed(): number
}

interface Cause {
  /** When the last lines passed, oldest first, at most `mostLines`. */
  readonly passed: number[]
  suppressed: number
  state?: string
}

/**
 * @param out where lines go; default stderr
 * @param monotonic milliseconds that never step, for the limit
 */
export function openLog(
  level: LogLevel,
  out: DestinationStream = standardError(),
  monotonic: () => number = () => performance.now(),
): Log {
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    out,
  )
  const causes = new Map<string, Cause>()
  let suppressed = 0

  const known = (name: string): Cause => {
    const found = causes.get(name) ?? { passed: [], suppressed: 0 }
    causes.delete(name)
    causes.set(name, found) // Last used comes last, so that the first is the one to forget.
    const [oldest] = causes.keys()
    if (causes.size > mostCauses && oldest !== undefined) causes.delete(oldest)
    return found
  }

  const write = (
    lineLevel: LogLevel,
    name: string,
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
  ) => {
    if (!logger.isLevelEnabled(lineLevel)) return
    const cause = known(name)
    const now = monotonic()
    const [oldest] = cause.passed
    if (cause.passed.length >= mostLines && oldest !== undefined && now - oldest < windowMilliseconds) {
      cause.suppressed++
      suppressed++
      return
    }
    cause.passed.push(now)
    if (cause.passed.length > mostLines) cause.passed.shift()
    const held = cause.suppressed > 0 ? { suppressed: cause.suppressed } : {}
    cause.suppressed = 0
    logger[lineLevel]({ cause: name, ...fields, ...held }, message)
  }

  return {
    debug: (cause, message, fields) => write('debug', cause, message, fields),
    info: (cause, message, fields) => write('info', cause, message, fields),
    warn: (cause, message, fields) => write('warn', cause, message, fields),
    error: (cause, message, fields) => write('error', cause, message, fields),
    onChange: (name, state, message, lineLevel = 'info') => {
      const cause = known(name)
      if (cause.state === state) return
      cause.state = state
      write(lineLevel, name, message)
    },
    setLevel: (to) => {
      logger.level = to
    },
    suppressed: () => suppressed,
  }
}

/** A log for tests and commands that print for themselves. */
export const silentLog: Log = openLog('error', { write: () => undefined })

function standardError(): DestinationStream {
  const stream = destination({ dest: 2, sync: true })
  // Whoever read stderr is gone: nowhere is left to say so, and the agent's work goes on.
  stream.on('error', () => undefined)
  return process.stderr.isTTY ? { write: (line) => stream.write(plainLine(line)) } : stream
}

/** A JSON line of this log as a person reads it: time, level, message, then the other fields. */
export function plainLine(line: string): string {
  const parsed: unknown = JSON.parse(line)
  if (typeof parsed !== 'object' || parsed === null) return line
  const {
    time,
    level,
    message,
    cause: _,
    ...rest
  } = { time: '', level: '', message: '', cause: '', ...parsed }
  const fields = Object.entries(rest).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
  return `${time} ${level.padEnd(5)} ${message}${fields.join('')}\n`
}
