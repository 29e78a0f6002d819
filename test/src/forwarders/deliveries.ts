/** Delivery loops of tests: a clock that hurries through allowed time, forwarders that answer by script. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../../../src/clock.ts'
import { Delivery, type DeliveryOptions } from '../../../src/forwarders/deliver.ts'
import type { Answer, Forwarder } from '../../../src/forwarders/forwarder.ts'
import type { SpooledBatch } from '../../../src/spool/batch.ts'
import type { SinkCounts, Spool } from '../../../src/spool/spool.ts'

/** Sleeps that end within the allowed time end at once; the others when more is allowed. */
export interface AllowedClock extends Clock {
  /** How long each sleep was to be, milliseconds. */
  readonly sleeps: number[]
  allow(milliseconds: number): void
  /** Whether somebody sleeps beyond what is allowed. */
  readonly exhausted: boolean
}

export function allowedClock(allowedMilliseconds = 0): AllowedClock {
  const start = Date.now()
  let passed = 0
  let limit = allowedMilliseconds
  const sleeps: number[] = []
  const held = new Set<{ until: number; wake: () => void }>()
  return {
    sleeps,
    now: () => start + passed,
    monotonic: () => 1000 + passed,
    get exhausted() {
      return held.size > 0
    },
    async sleep(milliseconds, signal) {
      signal.throwIfAborted()
      sleeps.push(milliseconds)
      const until = passed + milliseconds
      if (until <= limit) {
        passed = Math.max(passed, until)
        return new Promise((resolve) => setImmediate(resolve))
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const sleeper = { until, wake: resolve }
      const stop = () => reject(signal.reason)
      held.add(sleeper)
      signal.addEventListener('abort', stop, { once: true })
      try {
        await promise
      } finally {
        held.delete(sleeper)
        signal.removeEventListener('abort', stop)
      }
    },
    allow(milliseconds) {
      limit += milliseconds
      for (const sleeper of [...held].sort((a, b) => a.until - b.until)) {
        if (sleeper.until > limit) continue
        held.delete(sleeper)
        passed = Math.max(passed, sleeper.until)
        sleeper.wake()
      }
      if (held.size > 0) passed = limit
    },
  }
}

export interface Sent {
  readonly sequence: number
  /** Ids of its records, or the devices of its samples. */
  readonly ids: readonly string[]
  readonly again: boolean
}

/** A forwarder that keeps what it was sent; `count` is how many sendings there were, this one included. */
export function scripted(
  script: (sent: Sent, count: number) => Answer | Promise<Answer>,
): Forwarder & { readonly sent: Sent[]; readonly taken: string[] } {
  const sent: Sent[] = []
  const taken: string[] = []
  return {
    sent,
    taken,
    kinds: ['events', 'samples'],
    async send(batch, _signal, again) {
      const one = { sequence: batch.sequence, ids: idsOf(batch), again }
      sent.push(one)
      const answer = await script(one, sent.length)
      if (answer.is === 'accepted') taken.push(...one.ids)
      return answer
    },
    close: async () => undefined,
  }
}

export const accepts: Answer = { is: 'accepted' }

export function idsOf(batch: SpooledBatch): string[] {
  return batch.kind === 'events'
    ? batch.records.map(({ id }) => id)
    : batch.samples.map(({ labels }) => labels.device ?? '')
}

export interface Delivering {
  readonly delivery: Delivery
  /** `<state>: <words>` of each report. */
  readonly reports: string[]
  stop(): Promise<void>
}

/** Runs a delivery loop that is stopped with the test. */
export function deliver(
  t: TestContext,
  spool: Spool,
  forwarder: Forwarder,
  changes: Partial<DeliveryOptions> & Pick<DeliveryOptions, 'clock'>,
): Delivering {
  const reports: string[] = []
  const delivery = new Delivery(
    {
      name: 'far',
      type: 'test',
      required: true,
      offNode: true,
      settleMilliseconds: 0,
      firstRetryMilliseconds: 1000,
      mostRetryMilliseconds: 60_000,
      report: (state, words) => reports.push(words === '' ? state : `${state}: ${words}`),
      ...changes,
    },
    spool,
    forwarder,
  )
  const stopping = new AbortController()
  const ended = delivery.run(stopping.signal)
  const stop = async () => {
    stopping.abort()
    await ended
    await forwarder.close()
  }
  t.after(stop)
  return { delivery, reports, stop }
}

/** Waits in real time until something is so. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    if (await condition()) return
    await wait(2)
  }
  assert.fail(`Waited 10 s in vain until ${what}`)
}

export async function counts(spool: Spool, sink: string, source: string): Promise<SinkCounts | undefined> {
  return (await spool.snapshot()).sinks.get(sink)?.get(source)
}
