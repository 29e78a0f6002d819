/**
 * The newest events as a person reads them, for the live tail. Bounded: a ring of the severe and a ring of the others,
 * so that a storm of the one does not wash away the other; texts are cut; and of what comes faster than a person could
 * read, only the newest of each batch are looked at, the others counted.
 */
import type { LogRecord, RecordList } from './model.ts'
import { type AttributeValue, Look, priorityOf } from './view.ts'

/** One normalised event. */
export interface TailEvent {
  /** Counts up from 1 in this run of the agent; what was passed over has a number too. */
  readonly number: number
  readonly source: string
  readonly timeMilliseconds: number
  /** Syslog priority, 0 (emergency) to 7; absent when the record has no severity. */
  readonly priority?: number
  /** As the source calls it. */
  readonly severityText?: string
  /** The unit or program that wrote it, or the file it was read from, where it is known. */
  readonly origin?: string
  readonly eventName?: string
  readonly body: string
}

export interface EventFilter {
  readonly source?: string | undefined
  /** Only this syslog priority and more urgent ones; events without one stay, as in `remora tail`. */
  readonly priority?: number | undefined
  /** Somewhere in body, origin, source or event name; upper and lower case are one. */
  readonly text?: string | undefined
}

const severePriority = 4
const severeEvents = 200
const otherEvents = 300
const longestText = 1000
/** Looked at in a second: when somebody reads along, and when nobody does. */
const watchedPerSecond = 5000
const unwatchedPerSecond = 100

export class EventTail {
  readonly #severe: TailEvent[] = []
  readonly #others: TailEvent[] = []
  readonly #monotonic: () => number
  #number = 0
  #second = 0
  #looked = 0
  #watchers = 0

  /** @param monotonic milliseconds */
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  /** The number of the newest event. */
  get newest(): number {
    return this.#number
  }

  /** Somebody reads along until the function is called. */
  watch(): () => void {
    this.#watchers += 1
    return () => {
      this.#watchers -= 1
    }
  }

  /** Takes what a source has committed. The records may be used again afterwards. */
  take(source: string, records: RecordList): void {
    const left = this.#left()
    const first = Math.max(0, records.length - left)
    const look = new Look()
    for (let at = first; at < records.length; at++) {
      const record = records.at(at)
      if (record === undefined) continue
      look.at(record)
      this.#add(eventOf(this.#number + at + 1, source, record, look))
    }
    this.#number += records.length
    this.#looked += records.length - first
  }

  /** Those after a number that the filter lets pass, oldest first. */
  after(number: number, filter: EventFilter = {}): TailEvent[] {
    const wanted = (event: TailEvent) => event.number > number && passes(event, filter)
    return [...this.#severe.filter(wanted), ...this.#others.filter(wanted)].sort(
      (a, b) => a.number - b.number,
    )
  }

  /** How many events after a number are not here (any more). */
  missing(number: number): number {
    const here = (ring: readonly TailEvent[]) => ring.filter((event) => event.number > number).length
    return Math.max(0, this.#number - number - here(this.#severe) - here(this.#others))
  }

  #left(): number {
    const second = Math.floor(this.#monotonic() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#looked = 0
    }
    return Math.max(0, (this.#watchers > 0 ? watchedPerSecond : unwatchedPerSecond) - this.#looked)
  }

  #add(event: TailEvent): void {
    const isSevere = event.priority !== undefined && event.priority <= severePriority
    const ring = isSevere ? this.#severe : this.#others
    ring.push(event)
    if (ring.length > (isSevere ? severeEvents : otherEvents)) ring.shift()
  }
}

function eventOf(number: number, source: string, record: LogRecord, look: Look): TailEvent {
  const { severityNumber, severityText, eventName, body = '' } = look
  const origin = originOf(look)
  return {
    number,
    source,
    timeMilliseconds: Number(record.time / 1_000_000n),
    ...(severityNumber !== undefined && { priority: priorityOf(severityNumber) }),
    ...(severityText !== undefined && { severityText: cut(severityText) }),
    ...(origin !== undefined && { origin: cut(origin) }),
    ...(eventName !== undefined && { eventName: cut(eventName) }),
    body: cut(body),
  }
}

function originOf({ unit, attributes }: Look): string | undefined {
  const named = (wanted: string) => attributes.find(({ name }) => name === wanted)?.value
  const value = unit ?? named('syslog.identifier') ?? named('log.file.path')
  return value === undefined ? undefined : wordOf(value)
}

function wordOf(value: AttributeValue): string | undefined {
  return typeof value === 'object' ? value[0] : String(value)
}

/** A copy: a piece of a large text would hold all of it. */
function cut(text: string): string {
  return text.length <= longestText ? text : `${Buffer.from(text.slice(0, longestText)).toString()} …`
}

function passes(event: TailEvent, { source, priority, text }: EventFilter): boolean {
  if (source !== undefined && event.source !== source) return false
  if (priority !== undefined && event.priority !== undefined && event.priority > priority) return false
  if (text === undefined || text === '') return true
  const needle = text.toLowerCase()
  return [event.body, event.origin, event.source, event.eventName].some((word) =>
    word?.toLowerCase().includes(needle),
  )
}
