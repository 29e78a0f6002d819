/**
 * What is new in the event log or the log of dead drives of a controller since the committed position. Entries that
 * have a sequence number are known by it; those of versions without one by what they say, the last of them marking the
 * place.
 */
import { createHash } from 'node:crypto'
import type { LogRecord, SourceBatch } from '../../../src/model.ts'
import type { LogContext } from '../vendor.ts'
import { type ControllerLog, type Entry, wordOf } from './log.ts'

/** What arcconf keeps of events, by the word it is asked with. */
export const eventLogs = ['EVENT', 'DEAD'] as const
const batchRecords = 2000

interface Named {
  readonly controller: string
  readonly stream: string
  readonly log: (typeof eventLogs)[number]
}

/** Where a stream stands: the last entry that was read. */
interface Position {
  readonly sequence: number | undefined
  readonly hash: string
}

/** @returns what is new, oldest first, in bounded batches */
export function* newEntries(
  log: ControllerLog,
  named: Named,
  { positions, sinceMilliseconds }: Pick<LogContext, 'positions' | 'sinceMilliseconds'>,
): Generator<SourceBatch> {
  const entries = inOrder(log.entries.map(identified))
  const last = entries.at(-1)
  if (last === undefined) return // Empty, or cleared: what comes next is not what stands at the position.
  const position = parsePosition(positions.get(named.stream))
  const { fresh, missed } = after(entries, position, log.full, sinceMilliseconds)
  if (fresh.length === 0 && missed === undefined) return
  for (let from = 0; from === 0 || from < fresh.length; from += batchRecords) {
    const some = fresh.slice(from, from + batchRecords)
    const at = some.at(-1) ?? last
    yield {
      records: some.map((entry) => recordOf(entry, named)),
      positions: [{ stream: named.stream, position: printPosition(at) }],
      ...(from === 0 && missed && { missed }),
    }
  }
}

interface Identified extends Position {
  readonly entry: Entry
  /** Milliseconds since the epoch, where the entry says when. */
  readonly milliseconds: number | undefined
}

function identified(entry: Entry): Identified {
  const number = wordOf(entry, 'sequenceNumber', 'sequence', 'seqNum', 'eventSequence', 'eventNumber')
  const text = JSON.stringify([entry.name, entry.words])
  return {
    entry,
    sequence: number !== undefined && /^\d{1,15}$/.test(number) ? Number(number) : undefined,
    hash: createHash('sha256').update(text).digest('hex').slice(0, 16),
    milliseconds: timeOf(wordOf(entry, 'time', 'timestamp', 'eventTime', 'failureTime', 'date')),
  }
}

/** Seconds since the epoch, or a date that says its zone; any other would be a guess. */
function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{9,10}$/.test(text)) return Number(text) * 1000
  const parsed = /(Z|GMT|UTC|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  return parsed > 0 ? parsed : undefined
}

/** Oldest first: some versions print the newest first. */
function inOrder(entries: readonly Identified[]): readonly Identified[] {
  const [first] = entries
  const last = entries.at(-1)
  if (first === undefined || last === undefined) return entries
  const before = first.sequence ?? first.milliseconds
  const later = last.sequence ?? last.milliseconds
  return before !== undefined && later !== undefined && before > later ? entries.toReversed() : entries
}

interface Fresh {
  readonly fresh: readonly Identified[]
  readonly missed?: Readonly<Record<string, number>>
}

function after(
  entries: readonly Identified[],
  position: Position | undefined,
  full: boolean,
  sinceMilliseconds: number,
): Fresh {
  if (position === undefined) {
    const fresh = entries.filter(
      ({ milliseconds = Number.POSITIVE_INFINITY }) => milliseconds >= sinceMilliseconds,
    )
    const before = entries.length - fresh.length
    return { fresh, ...(before > 0 && { missed: { before_start: before } }) }
  }
  const at = entries.findLastIndex(({ hash }) => hash === position.hash)
  if (at >= 0) return { fresh: entries.slice(at + 1) }
  // The entry at the position is gone: overwritten by later ones, or cleared.
  const sequence = position.sequence
  const [first] = entries
  if (sequence !== undefined && first?.sequence !== undefined) {
    const fresh = entries.filter((entry) => entry.sequence === undefined || entry.sequence > sequence)
    // Numbers that begin again: a cleared log, all of it new.
    if (fresh.length === 0 || entries.some((entry) => (entry.sequence ?? sequence) <= sequence))
      return { fresh: entries }
    const gap = first.sequence - sequence - 1
    return { fresh, ...(gap > 0 && { missed: { overwritten: gap } }) }
  }
  // Without numbers nobody knows how many; at least one, where a full log no longer has the last one read.
  return { fresh: entries, ...(full && { missed: { overwritten: 1 } }) }
}

function recordOf({ entry, sequence, hash, milliseconds }: Identified, named: Named): LogRecord {
  const observed = BigInt(Date.now()) * 1_000_000n
  const fields = [
    ['event.name', `raid.log.${named.log.toLowerCase()}`],
    ...severityOf(entry, named.log),
    ['body', [entry.name, ...entry.words.map((word) => word.join('='))].join(' ')],
    ['vendor', 'adaptec'],
    ['controller', named.controller],
    ...entry.words.map(([name, value]) => [`adaptec.${name}`, value] as const),
  ] as const
  return {
    stream: named.stream,
    id: [named.stream, sequence, hash].filter((word) => word !== undefined).join(':'),
    time: milliseconds === undefined ? observed : BigInt(Math.round(milliseconds)) * 1_000_000n,
    observed,
    fields: fields.map(([name, value]) => [name, Buffer.from(value)]),
  }
}

/** A dead drive is an error; an event says itself what it is, or nothing. */
function severityOf(entry: Entry, log: Named['log']): (readonly [string, string])[] {
  const word = log === 'DEAD' ? 'error' : (wordOf(entry, 'severity', 'eventType', 'level') ?? '')
  const found = severities.find(([pattern]) => pattern.test(word))
  if (found === undefined) return []
  return [
    ['severity_number', String(found[1])],
    ['severity_text', word],
  ]
}

/** OpenTelemetry's numbers by how the words begin. */
const severities: readonly (readonly [RegExp, number])[] = [
  [/^(fatal|crit)/i, 21],
  [/^err/i, 17],
  [/^warn/i, 13],
  [/^info/i, 9],
]

function printPosition({ sequence, hash }: Position): string {
  return `${sequence ?? ''}:${hash}`
}

function parsePosition(text: string | undefined): Position | undefined {
  const [, sequence, hash] = /^(\d{0,15}):([0-9a-f]{16})$/.exec(text ?? '') ?? []
  if (hash === undefined) return undefined
  return { sequence: sequence === '' ? undefined : Number(sequence), hash }
}
