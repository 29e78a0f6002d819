/**
 * A controller's event log from a position on. The tools show the latest so many, never those after a number, so more
 * are asked for until the last one known is among them.
 */
import type { Field, LogRecord, SourceBatch } from '../../../src/model.ts'
import type { LoggedEvent } from './events.ts'

/** How many are asked for, one after the other; most reads end with the first. */
const counts = [64, 512, 4096, 32_768]
const batchRecords = 500

export interface EventLog {
  /** The controller's serial number; its own number where none tells it from others. */
  readonly stream: string
  /** As the tool numbers it now. */
  readonly controller: string
  /** The latest so many, ascending. */
  latest(count: number): Promise<readonly LoggedEvent[]>
  /** As committed: the number of the last event that was read. */
  readonly position?: string | undefined
  /** Without a position: what is older is not read. */
  readonly sinceMilliseconds: number
}

/** Nothing when nothing is new. @throws what `latest` throws */
export async function* readEventLog(log: EventLog): AsyncGenerator<SourceBatch> {
  const last = /^\d{1,10}$/.test(log.position ?? '') ? Number(log.position) : undefined
  const events = await fetched(log, last)
  const newest = events.at(-1)
  if (newest === undefined || newest.number === last) return
  const { fresh, missed } = last === undefined ? since(events, log.sinceMilliseconds) : after(events, last)
  const observed = BigInt(Date.now()) * 1_000_000n
  const times = timesOf(events)
  const counted = Object.fromEntries(Object.entries(missed).filter(([, count]) => count > 0))
  for (let from = 0; from === 0 || from < fresh.length; from += batchRecords) {
    const some = fresh.slice(from, from + batchRecords)
    const end = some.at(-1) ?? newest
    yield {
      records: some.map((event) => recordOf(log, event, times.get(event.number), observed)),
      positions: [{ stream: log.stream, position: String(end.number) }],
      ...(from === 0 && Object.keys(counted).length > 0 && { missed: counted }),
    }
  }
}

async function fetched(log: EventLog, last: number | undefined): Promise<readonly LoggedEvent[]> {
  let events: readonly LoggedEvent[] = []
  for (const count of counts) {
    events = await log.latest(count)
    const [oldest] = events
    const reached =
      last === undefined
        ? (oldest?.milliseconds ?? Number.POSITIVE_INFINITY) < log.sinceMilliseconds
        : (oldest?.number ?? 0) <= last || (events.at(-1)?.number ?? 0) < last
    if (oldest === undefined || reached || events.length < count) break
  }
  return events
}

interface Fresh {
  readonly fresh: readonly LoggedEvent[]
  readonly missed: Readonly<Record<string, number>>
}

/** What was looked at and is too old is counted; how much older events there are, nobody asked. */
function since(events: readonly LoggedEvent[], sinceMilliseconds: number): Fresh {
  const begin = events.findIndex((event) => (event.milliseconds ?? 0) >= sinceMilliseconds)
  const fresh = begin < 0 ? [] : events.slice(begin)
  return { fresh, missed: { before_start: events.length - fresh.length } }
}

/** While the last one known is still listed, nothing between is lost: what the numbers skip is not shown to anyone. */
function after(events: readonly LoggedEvent[], last: number): Fresh {
  const newest = events.at(-1)?.number ?? 0
  // Numbers begin anew when the controller forgets them: all that is there is new.
  if (newest < last)
    return { fresh: events, missed: { renumbered: Math.max(0, (events[0]?.number ?? 1) - 1) } }
  const fresh = events.filter(({ number }) => number > last)
  const [first] = events
  if (first === undefined || first.number <= last) return { fresh, missed: {} }
  const cleared = /event log cleared/i.test(first.description)
  return { fresh, missed: { [cleared ? 'cleared' : 'wrapped']: first.number - last - 1 } }
}

/** An event of before the clock was set has the time of the one before it, else of the one after it. */
function timesOf(events: readonly LoggedEvent[]): ReadonlyMap<number, number> {
  const times = new Map<number, number>()
  for (const list of [events, events.toReversed()]) {
    let known: number | undefined
    for (const { number, milliseconds } of list) {
      known = milliseconds ?? known
      if (known !== undefined && !times.has(number)) times.set(number, known)
    }
  }
  return times
}

/** By class, from debug (-2) to dead (4). */
function severityOf(grade: number | undefined): readonly [number: string, text: string] {
  if (grade === undefined || grade === 0) return ['9', 'INFO']
  if (grade < 0) return ['5', 'DEBUG']
  if (grade === 1) return ['13', 'WARN']
  return grade === 2 ? ['17', 'ERROR'] : ['21', 'FATAL']
}

function recordOf(
  { stream, controller }: EventLog,
  event: LoggedEvent,
  milliseconds: number | undefined,
  observed: bigint,
): LogRecord {
  const [number, word] = severityOf(event.class)
  const added = {
    'event.name': 'raid.log',
    severity_number: number,
    severity_text: word,
    body: event.description,
    vendor: 'broadcom',
    controller,
    controller_serial: stream,
  }
  return {
    stream,
    id: `${stream}:${event.number}`,
    time: milliseconds === undefined ? observed : BigInt(milliseconds) * 1_000_000n,
    observed,
    fields: [
      ...Object.entries(added).map(([name, text]): Field => [name, Buffer.from(text)]),
      ...event.fields,
    ],
  }
}
