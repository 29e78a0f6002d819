/** What is new in a drive's logs as log records. */
import type { Field, LogRecord, SourceBatch } from '../../src/model.ts'
import type { DriveLog, Entry } from './entries.ts'
import { logsOf } from './entries.ts'
import { advance, type News, type Progress, parsePosition } from './progress.ts'
import type { Report } from './report.ts'

/** Of an entry as smartctl printed it. */
const mostEntryBytes = 16 << 10

/** Drives count hours of their life in 16 bits. */
const hourRange = 65536
const secondsPerHour = 3600

/**
 * The batch of one drive's logs.
 * @param position the committed one of this drive, if any
 * @param initialSeconds of logs never read before only what is at most this old is taken; undefined takes all.
 *   An entry whose age cannot be known is taken.
 * @param observed nanoseconds since the epoch
 * @returns undefined when the drive has no logs, or nothing has moved
 * @throws {ParseError} if the position is not one of ours
 */
export function batchOf(
  report: Report,
  position: string | undefined,
  initialSeconds: number | undefined,
  observed: bigint,
): SourceBatch | undefined {
  const stream = report.key
  let progress: Progress = parsePosition(stream, position)
  const records: LogRecord[] = []
  let beforeStart = 0
  let overwritten = 0
  for (const log of logsOf(report.json)) {
    const last = log.kind === 'error' ? progress.error?.key : progress.self_test?.[0]
    const { news, after } = advance(log, progress)
    progress = after
    const taken = news.first
      ? news.entries.filter((entry) => isRecent(report, entry, initialSeconds))
      : news.entries
    if (news.first) beforeStart += (log.kind === 'error' ? numberOf(log) : news.entries.length) - taken.length
    overwritten += news.overwritten
    if (news.cleared) records.push(clearedRecord(report, log, last ?? '', observed))
    records.push(...entryRecords(report, log, { ...news, entries: taken }, observed))
  }
  const next = JSON.stringify(progress)
  if (next === (position ?? '{}') && records.length === 0) return undefined
  const missed = {
    ...(beforeStart > 0 && { before_start: beforeStart }),
    ...(overwritten > 0 && { overwritten }),
  }
  return { records, positions: [{ stream, position: next }], missed }
}

/** How many errors the drive has counted, those that its log has lost included. */
function numberOf({ entries }: DriveLog): number {
  return Math.max(entries.length, Math.min(entries[0]?.number ?? 0, Number.MAX_SAFE_INTEGER))
}

/** @returns seconds before the report; undefined when the log or the drive does not tell */
function ageSeconds({ powerOnHours }: Report, { hours }: Entry): number | undefined {
  if (powerOnHours === undefined || hours === undefined) return undefined
  // Of the ages that fit the youngest: better once too often than never.
  return ((((powerOnHours - hours) % hourRange) + hourRange) % hourRange) * secondsPerHour
}

function isRecent(report: Report, entry: Entry, initialSeconds: number | undefined): boolean {
  const age = ageSeconds(report, entry)
  return initialSeconds === undefined || age === undefined || age <= initialSeconds
}

function entryRecords(report: Report, log: DriveLog, { entries }: News, observed: bigint): LogRecord[] {
  const stream = report.key
  // Two tests within one hour may look the same: they are counted from the oldest on, whenever each is read.
  const seen = new Map<string, number>()
  const ordinals = new Map<Entry, number>()
  for (const entry of [...log.entries].reverse()) {
    const times = (seen.get(entry.key) ?? 0) + 1
    seen.set(entry.key, times)
    ordinals.set(entry, times)
  }
  return entries.map((entry) => {
    const times = ordinals.get(entry) ?? 1
    const age = ageSeconds(report, entry)
    const read =
      report.timeSeconds === undefined ? observed : BigInt(Math.floor(report.timeSeconds)) * 1_000_000_000n
    const time = age === undefined ? observed : read - BigInt(age) * 1_000_000_000n
    return {
      stream,
      id: `${stream}:${log.kind}:${entry.key}${times > 1 ? `:${times}` : ''}`,
      time: time > 0n ? time : observed,
      observed,
      fields: fields(report, entry.event, entry.severity, entry.body, {
        ...entry.attributes,
        ...(entry.hours !== undefined && { power_on_hours: String(entry.hours) }),
        'smartctl.entry': JSON.stringify(entry.json).slice(0, mostEntryBytes),
      }),
    }
  })
}

function clearedRecord(report: Report, log: DriveLog, last: string, observed: bigint): LogRecord {
  const stream = report.key
  const name = log.kind === 'error' ? 'error log' : 'self-test log'
  return {
    stream,
    id: `${stream}:${log.kind}:cleared:${last}:${log.entries[0]?.key ?? ''}`,
    time: observed,
    observed,
    fields: fields(report, 'drive.log_cleared', 13, `its ${name} was cleared since it was last read`, {
      log: log.kind,
    }),
  }
}

const severityTexts: ReadonlyMap<number, string> = new Map([
  [9, 'INFO'],
  [13, 'WARN'],
  [17, 'ERROR'],
])

function fields(
  { label, model, serial }: Report,
  event: string,
  severity: number,
  words: string,
  attributes: Readonly<Record<string, string>>,
): Field[] {
  const all = {
    'event.name': event,
    severity_number: String(severity),
    severity_text: severityTexts.get(severity) ?? 'INFO',
    body: `${label} (${[model, serial].filter(Boolean).join(', ')}): ${words}`,
    device: label,
    model,
    ...(serial !== undefined && { serial }),
    ...attributes,
  }
  return Object.entries(all).map(([name, value]): Field => [name, Buffer.from(value)])
}
