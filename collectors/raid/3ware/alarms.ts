/**
 * tw_cli /c0 show alarms: what the controller told (AENs), a line each:
 * `c0   [Tue Jul  8 14:52:10 2008]  INFO      Battery charging completed`. Times are the host's local times. Alarms have
 * no numbers: one is known by its line, and by which of several same lines it is. Some versions print the newest first.
 * @see tw_cli(8)
 */
import { createHash } from 'node:crypto'
import { ParseError } from '../../../src/errors.ts'
import type { LogRecord, SourceBatch } from '../../../src/model.ts'
import { linesOf } from '../text.ts'
import type { LogContext } from '../vendor.ts'

export interface Alarm {
  /** As printed, single blanks between words. */
  readonly line: string
  /** Since the epoch. */
  readonly milliseconds: number
  /** `INFO`, `WARNING`, `ERROR`. */
  readonly severity: string
  readonly message: string
  /** From 1, among those of the same line, oldest first. */
  readonly ordinal: number
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const pattern =
  /^c\d{1,3} \[[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (?:(\d{4}) )?(\d\d):(\d\d):(\d\d)(?: (\d{4}))?\] ([A-Z]{2,12}) (\S.*)$/

/** @returns oldest first; none where the log is empty. @throws {ParseError} no list of alarms, or a line of it is cut */
export function parseAlarms(text: string): Alarm[] {
  const lines = linesOf(text).map((line) => line.trim().replace(/ {2,}/g, ' '))
  const header = lines.findIndex((line) => /^Ctl Date\b/.test(line))
  const listed = lines.filter((line) => /^c\d{1,3} /.test(line))
  if (header < 0 && listed.length === 0)
    throw new ParseError(`Cannot parse tw_cli show alarms "${text.trim()}": no line "Ctl Date Severity …"`)
  const alarms = listed.map(alarmOf)
  const newestFirst = (alarms[0]?.milliseconds ?? 0) > (alarms.at(-1)?.milliseconds ?? 0)
  const seen = new Map<string, number>()
  return (newestFirst ? alarms.toReversed() : alarms).map((alarm) => {
    const ordinal = (seen.get(alarm.line) ?? 0) + 1
    seen.set(alarm.line, ordinal)
    return { ...alarm, ordinal }
  })
}

function alarmOf(line: string): Omit<Alarm, 'ordinal'> {
  const [, month = '', day, early, hours, minutes, seconds, late, severity, message] =
    pattern.exec(line) ?? []
  const date = new Date(
    Number(late ?? early),
    months.indexOf(month),
    Number(day),
    Number(hours),
    Number(minutes),
    Number(seconds),
  )
  const milliseconds = date.getTime()
  if (severity === undefined || message === undefined || !(milliseconds >= 0) || !months.includes(month))
    throw new ParseError(`Cannot parse an alarm of tw_cli "${line}": no date, severity and message`)
  return { line, milliseconds, severity, message }
}

const batchRecords = 2000

/**
 * What is new, oldest first, in bounded batches. The position is the last alarm that was read: while the log has it, what
 * stands behind it is new; when it does not, because it was cleared or overwritten, all is, and nobody can say how many
 * are lost.
 * @param controller `0`
 */
export function* newAlarms(
  alarms: readonly Alarm[],
  { stream, controller }: { readonly stream: string; readonly controller: string },
  { positions, sinceMilliseconds }: Pick<LogContext, 'positions' | 'sinceMilliseconds'>,
): Generator<SourceBatch> {
  const position = positions.get(stream)
  const first = position === undefined ? old(alarms, sinceMilliseconds) : behind(alarms, position)
  const fresh = alarms.slice(first)
  const last = alarms.at(-1)
  const missed = position === undefined && first > 0 ? { before_start: first } : undefined
  if (last === undefined || (fresh.length === 0 && missed === undefined)) return
  for (let from = 0; from === 0 || from < fresh.length; from += batchRecords) {
    const some = fresh.slice(from, from + batchRecords)
    yield {
      records: some.map((alarm) => recordOf(alarm, stream, controller)),
      positions: [{ stream, position: nameOf(some.at(-1) ?? last) }],
      ...(from === 0 && missed && { missed }),
    }
  }
}

/** How many are older than that. */
function old(alarms: readonly Alarm[], sinceMilliseconds: number): number {
  const index = alarms.findIndex(({ milliseconds }) => milliseconds >= sinceMilliseconds)
  return index < 0 ? alarms.length : index
}

/** The index of the first alarm behind the one at the position; 0 where that is gone. */
function behind(alarms: readonly Alarm[], position: string): number {
  const exact = alarms.findIndex((alarm) => nameOf(alarm) === position)
  if (exact >= 0) return exact + 1
  // Of several same lines the first were overwritten: the last one is as far as was read.
  const [line] = position.split(':')
  return alarms.findLastIndex((alarm) => nameOf(alarm).split(':')[0] === line) + 1
}

function nameOf({ line, ordinal }: Alarm): string {
  return `${createHash('sha256').update(line).digest('hex').slice(0, 16)}:${ordinal}`
}

/** OpenTelemetry's numbers. */
const severities: Readonly<Record<string, number>> = { INFO: 9, WARNING: 13, WARN: 13, ERROR: 17 }

function recordOf(alarm: Alarm, stream: string, controller: string): LogRecord {
  const severity = severities[alarm.severity]
  const fields = [
    ['event.name', 'raid.log'],
    ...(severity === undefined ? [] : [['severity_number', String(severity)] as const]),
    ['severity_text', alarm.severity],
    ['body', alarm.message],
    ['vendor', '3ware'],
    ['controller', controller],
    ['controller_serial', stream],
  ] as const
  return {
    stream,
    id: `${stream}:${alarm.milliseconds}:${nameOf(alarm)}`,
    time: BigInt(alarm.milliseconds) * 1_000_000n,
    observed: BigInt(Date.now()) * 1_000_000n,
    fields: fields.map(([name, value]) => [name, Buffer.from(value)]),
  }
}
