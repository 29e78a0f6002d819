/**
 * What time it is at a receiver, from the `Date` of its answers (RFC 9110 section 6.6.1, whole seconds), carried on
 * by our monotonic clock, so that a step of the local one changes nothing.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../clock.ts'
import { httpDate } from './classify.ts'

export interface ReceiverClock {
  /** Takes the time from an answer. An answer without one is remembered too: that receiver's time cannot be known. */
  hear(endpoint: string, headers: IncomingHttpHeaders): void
  /** Whether an answer of this receiver was heard. */
  knows(endpoint: string): boolean
  /** Milliseconds that a moment (since the epoch) lies ahead of the receiver's now; 0 when that is not known. */
  ahead(endpoint: string, milliseconds: number): number
}

export function receiverClock(clock: Clock): ReceiverClock {
  /** Receiver's time minus our monotonic time, by endpoint. */
  const offsets = new Map<string, number | undefined>()
  return {
    hear(endpoint, headers) {
      const date = httpDate(headers.date)
      // A Date is cut to the second: the middle of it is the best guess.
      offsets.set(endpoint, date === undefined ? undefined : date + 500 - clock.monotonic())
    },
    knows: (endpoint) => offsets.has(endpoint),
    ahead(endpoint, milliseconds) {
      const offset = offsets.get(endpoint)
      return offset === undefined ? 0 : milliseconds - (clock.monotonic() + offset)
    },
  }
}
