/**
 * prometheus: samples by remote write 1.0, to Prometheus, Mimir, Thanos, VictoriaMetrics and others.
 * Every series gets job="remora" and instance=<node> unless the sink's `labels` say otherwise.
 * What receivers answer was measured on Prometheus 2.42 (storage/remote/write_handler.go).
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/
 */
import type { Clock } from '../clock.ts'
import type { PrometheusSinkConfig } from '../sink-schemas.ts'
import type { Forwarder, Origin, Outcome, Answer as Sent } from './forwarder.ts'
import { httpSink } from './http.ts'
import { receiverClock } from './receiver-clock.ts'
import { encodeWriteRequest } from './remote-write.ts'

const headers = {
  'content-encoding': 'snappy',
  'content-type': 'application/x-protobuf',
  'x-prometheus-remote-write-version': '0.1.0',
}

/** Samples of the future are taken by receivers, and then the present is refused: so they wait until a clock is set. */
const mostAheadMilliseconds = 60_000

const ahead = /too far in the future|too-far-in-future/i
const tooOld = /out of bounds|too old/i
/** With an out-of-order window Prometheus 2.42 says this with a status that asks for another try. */
const tooOldForWindow = '500 too old sample'
const alreadyThere = /out of order|out-of-order|duplicate sample/i

/** @throws {ConfigError} naming the key (and file) that is wrong */
export function prometheusForwarder(config: PrometheusSinkConfig, origin: Origin, clock: Clock): Forwarder {
  const http = httpSink(config, clock)
  const receiver = receiverClock(clock)
  const added = { job: 'remora', instance: origin.node, ...config.labels }

  async function ask(signal: AbortSignal): Promise<Outcome | undefined> {
    const { endpoint, outcome, headers } = await http.exchange('HEAD', {}, undefined, signal)
    // Nothing was sent that the receiver could have taken.
    if (headers === undefined) return outcome.is === 'retry' ? { ...outcome, unanswered: false } : outcome
    receiver.hear(endpoint, headers)
    return undefined
  }

  /** Why samples of this time must not be sent, now or ever. Nobody is held by an old guess: the receiver is asked again. */
  async function held(milliseconds: number, signal: AbortSignal): Promise<Sent | undefined> {
    const endpoint = http.endpoint()
    const isAhead = () => receiver.ahead(endpoint, milliseconds) > mostAheadMilliseconds
    if (receiver.knows(endpoint) && !isAhead()) return undefined
    const failure = await ask(signal)
    if (failure) return { ...failure, endpoint }
    if (!isAhead()) return undefined
    const seconds = Math.round(receiver.ahead(endpoint, milliseconds) / 1000)
    const about = `these samples are ${seconds} s ahead of the clock of ${endpoint}`
    if (receiver.ahead(endpoint, clock.now()) > mostAheadMilliseconds)
      return { is: 'retry', words: `Held: ${about}; check this node's clock`, endpoint, busy: true }
    // Stamped before this node's clock was set right: when their time comes, others will have it.
    return { is: 'lost', reason: 'clock_ahead', words: `Not sent: ${about}`, endpoint }
  }

  return {
    kinds: ['samples'],
    async send(batch, signal, again) {
      if (batch.kind !== 'samples') return { is: 'refused', words: 'Cannot send events by remote write' }
      const wait = await held(batch.timeMilliseconds, signal)
      if (wait) return wait
      const answer = await http.exchange('POST', headers, encodeWriteRequest(batch, added), signal)
      if (answer.headers) receiver.hear(answer.endpoint, answer.headers)
      return { ...verdict(answer.outcome, again), endpoint: answer.endpoint }
    },
    close: () => http.close(),
  }
}

/**
 * What an answer means in this protocol. A request is stored whole or not at all, and all its samples have one time.
 * A sample that came after an unanswered one makes the resend of that one out of order: it is there already.
 */
export function verdict(outcome: Outcome, again: boolean): Outcome {
  if (outcome.is === 'retry' && outcome.words === tooOldForWindow) {
    return { is: 'lost', reason: 'too_old', words: outcome.words }
  }
  if (outcome.is !== 'refused') return outcome
  const { words } = outcome
  if (ahead.test(words)) return { is: 'retry', words, busy: true }
  if (tooOld.test(words)) return { is: 'lost', reason: 'too_old', words }
  if (again && alreadyThere.test(words)) return { is: 'accepted' }
  return outcome
}
