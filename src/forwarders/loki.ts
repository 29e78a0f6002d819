/**
 * loki: events by Loki's push API, to Loki 3 and what speaks like it. Few labels (job, host, source, unit, level); the
 * line is the body; the rest is structured metadata (loki-entry.ts), Remora's id, number and ledger among it.
 *
 * Sending again stores nothing twice while Loki's chunk is open: timestamp, line and metadata are the same each time.
 * So requests of about 2 MiB (Loki's own hops take 4 MiB) are sent one after the other, and whatever part is in doubt is
 * sent again. What Loki would refuse for its time is sent with another one, its own in the metadata as `remora_time`.
 * Known: more than 1,000 equal lines in one microsecond merge on Loki before 3.0, which does not look at metadata.
 * @see https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs
 */
import type { Clock } from '../clock.ts'
import type { LokiSinkConfig } from '../sink-schemas.ts'
import type { EventBatch } from '../spool/batch.ts'
import type { Answer, Forwarder, Origin, Outcome } from './forwarder.ts'
import { httpSink } from './http.ts'
import { EntryMaker } from './loki-entry.ts'
import { heartbeatPush } from './loki-heartbeat.ts'
import { encodePush, type Limits, oldestFirst, sizeOf, stamped } from './loki-push.ts'
import { refusal } from './loki-refusal.ts'
import { type Window, windowAt } from './loki-stamp.ts'
import { receiverClock } from './receiver-clock.ts'
import { SnappyBlock } from './snappy-block.ts'

const mostRequestBytes = 2 << 20
const leastRequestBytes = 64 << 10
/** How often one stream is sent with what its refusal taught. */
const mostLessons = 4
/** Our guess of the receiver's clock may be off by so many microseconds. */
const slack = 5_000_000

/** @throws {ConfigError} naming the key (and file) that is wrong */
export function lokiForwarder(config: LokiSinkConfig, origin: Origin, clock: Clock): Forwarder {
  const http = httpSink(config, clock)
  const receiver = receiverClock(clock)
  const maker = new EntryMaker(config, origin)
  const block = new SnappyBlock()
  const headers = {
    'content-type': 'application/x-protobuf',
    ...(config.tenant !== undefined && { 'x-scope-orgid': config.tenant }),
  }
  /** As configured, or less once the receiver has said so. */
  let lineBytes = config.max_line_bytes
  /** Of what stands before it in the way, such as nginx with its 1 MiB, less once it has said so, too. */
  let requestBytes = mostRequestBytes

  /** By the receiver's own clock, once it was heard. */
  function window(): Window {
    const now = clock.now()
    return windowAt(now - receiver.ahead(http.endpoint(), now))
  }

  async function post(sent: Uint32Array, limits: Limits, signal: AbortSignal): Promise<Answer> {
    const body = encodePush(sent, maker.entries, maker.runs, block, limits)
    const answer = await http.exchange('POST', headers, body, signal)
    if (answer.headers) receiver.hear(answer.endpoint, answer.headers)
    // Whoever has taken it has read it; else the connection may still hold it.
    if (answer.outcome.is === 'accepted') block.giveBack(body)
    return { ...answer.outcome, endpoint: answer.endpoint }
  }

  const stampedAt = (places: Uint32Array, at: Window, limits: Limits) =>
    stamped(places, maker.entries, at, limits, maker.runs)

  async function push(group: Uint32Array, signal: AbortSignal): Promise<Answer> {
    const limits = { lineBytes }
    const answer = await post(stampedAt(group, window(), limits), limits, signal)
    if (isTooLarge(answer) && group.length > 1) return pushHalves(group, signal)
    if (answer.is !== 'refused' || !isPartial(answer)) return answer
    const streams = Map.groupBy(group, (place) => maker.entries.stream[place])
    let last: Answer = answer
    for (const stream of streams.values()) {
      last = await pushStream(Uint32Array.from(stream), streams.size === 1 ? answer : undefined, signal)
      if (last.is !== 'accepted') return last
    }
    return last
  }

  /** A request that is too large is sent as two; where both are taken, those to come are made no larger. */
  async function pushHalves(group: Uint32Array, signal: AbortSignal): Promise<Answer> {
    const middle = Math.ceil(group.length / 2)
    const first = await push(group.subarray(0, middle), signal)
    const answer = first.is === 'accepted' ? await push(group.subarray(middle), signal) : first
    // One record that is too large alone says nothing of others.
    if (answer.is !== 'accepted') return answer
    const limits = { lineBytes }
    const bytes = group.reduce((sum, place) => sum + sizeOf(place, maker.entries, maker.runs, limits), 0)
    requestBytes = Math.max(leastRequestBytes, Math.min(requestBytes, Math.ceil(bytes / 2)))
    return answer
  }

  /** One stream alone, whose refusal says all there is to know about it. */
  async function pushStream(
    group: Uint32Array,
    first: Answer | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    let limits: Limits = { lineBytes }
    let taught: Partial<Window> = {}
    let sent = stampedAt(group, window(), limits)
    let answer = first ?? (await post(sent, limits, signal))
    for (let lesson = 0; lesson < mostLessons && isPartial(answer); lesson += 1) {
      const why = refusal('words' in answer ? answer.words : '')
      const at = window()
      if (why.is === 'unknown') break
      if (why.is === 'line_too_long') lineBytes = Math.min(lineBytes, why.mostBytes)
      else if (why.is === 'too_new') taught = { ...taught, newest: at.now + slack }
      else if (why.is === 'too_old') taught = { ...taught, oldest: why.oldest }
      else {
        const indices = new Set([...(limits.behind?.indices ?? []), ...sent.subarray(0, why.count)])
        limits = { ...limits, behind: { indices, oldest: why.oldest } }
      }
      limits = { ...limits, lineBytes }
      sent = stampedAt(group, { ...at, ...taught }, limits)
      answer = await post(sent, limits, signal)
    }
    return answer
  }

  return {
    kinds: ['events'],
    async send(batch, signal) {
      if (batch.kind !== 'events') return { is: 'refused', words: 'Cannot send samples to Loki' }
      let answer: Answer = { is: 'accepted' }
      for (const group of requests(batch, maker, { lineBytes }, requestBytes)) {
        answer = await push(group, signal)
        if (answer.is !== 'accepted') return answer
      }
      return answer
    },
    async heartbeat(beat, signal) {
      const newest = Math.floor(window().newest / 1000)
      const body = heartbeatPush(beat, config, origin, newest)
      return (await http.aside('POST', headers, body, signal)).outcome
    },
    close: () => http.close(),
  }
}

function isTooLarge(answer: Outcome): boolean {
  return answer.is === 'refused' && answer.words.startsWith('413')
}

/** Others stand for the request as a whole, and their words teach nothing. */
function isPartial(answer: Outcome): boolean {
  return answer.is === 'refused' && answer.words.startsWith('400')
}

/**
 * The places of a batch's records, oldest first, in requests of bounded size, each made when the one before it was
 * answered.
 */
export function* requests(
  batch: EventBatch,
  maker: EntryMaker,
  limits: Limits,
  mostBytes = mostRequestBytes,
): Generator<Uint32Array, void> {
  const { entries, runs } = maker
  const isOrdered = entries.begin(batch.records)
  const inTurn = entries.places.subarray(0, batch.records.length)
  const places = isOrdered ? inTurn : oldestFirst(inTurn, entries.microsecond)
  const make = maker.begin(batch)
  const { turn } = maker
  let from = 0
  let bytes = 0
  for (let at = 0; at < places.length; at++) {
    const place = places[at] ?? 0
    if (maker.turn !== turn) throw new Error('Cannot go on with a batch: another one was begun')
    make(place)
    const size = sizeOf(place, entries, runs, limits)
    if (at > from && bytes + size > mostBytes) {
      yield places.subarray(from, at)
      from = at
      bytes = 0
    }
    bytes += size
  }
  if (places.length > from) yield places.subarray(from)
}
