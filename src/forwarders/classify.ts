/**
 * What an HTTP status means for a batch (RFC 9110; Retry-After: section 10.2.3), the same for every HTTP sink.
 * A sink whose protocol knows better looks at the answer before it takes this one.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Outcome } from './forwarder.ts'

/** Answers that someone must mend: wrong address, rights or method. */
const mendable = new Set([401, 403, 404, 405, 407])
/** 4xx that ask for another try. */
const transient = new Set([408, 425, 429])
/** Go's and nginx's 400 for a wrong scheme: the address is wrong, not the batch. */
const wrongScheme = /HTTP request (was sent )?to (an )?HTTPS (server|port)/i
const mostRetryAfterSeconds = 3600

/** @param words what the receiver said, already bounded; they end up in `words` after the status */
export function classify(
  status: number,
  headers: IncomingHttpHeaders,
  words: string,
  nowMilliseconds = Date.now(),
): Outcome {
  const said = words === '' ? String(status) : `${status} ${words}`
  if (status >= 200 && status < 300) return { is: 'accepted' }
  const retryAfterSeconds = retryAfter(headers, nowMilliseconds)
  if (status >= 500) return { is: 'retry', words: said, retryAfterSeconds }
  if (transient.has(status)) return { is: 'retry', words: said, retryAfterSeconds, busy: true }
  if (status < 400) return { is: 'down', words: `${said}${moved(headers)}`, retryAfterSeconds }
  if (mendable.has(status) || wrongScheme.test(words)) return { is: 'down', words: said, retryAfterSeconds }
  return { is: 'refused', words: said }
}

/** Redirects are never followed: a batch and its secret go only where the configuration says. */
function moved({ location }: IncomingHttpHeaders): string {
  if (location === undefined) return ''
  // Its query may be that of our own URL, with a secret in it; or a new one for us.
  const shown = location.replace(/[?#].*/s, '?…').replace(/\/\/[^/]*@/, '//…@')
  return ` (redirect to ${shown.slice(0, 200)} not followed)`
}

/** Seconds to wait, at most an hour; undefined without the header or when it makes no sense. */
export function retryAfter(headers: IncomingHttpHeaders, nowMilliseconds: number): number | undefined {
  const text = headers['retry-after']?.trim()
  if (text === undefined) return undefined
  if (/^\d{1,10}$/.test(text)) return Math.min(Number(text), mostRetryAfterSeconds)
  const until = httpDate(text)
  if (until === undefined) return undefined
  // Counted from the receiver's own clock where it says it: ours may be wrong.
  const from = httpDate(headers.date) ?? nowMilliseconds
  return Math.min(Math.max(0, (until - from) / 1000), mostRetryAfterSeconds)
}

/** Milliseconds since the epoch of an HTTP date; undefined if it is none. */
export function httpDate(text: string | undefined): number | undefined {
  if (
    text === undefined ||
    !/^(Mon|Tues?|Wed(nes)?|Thu(rs)?|Fri|Sat(ur)?|Sun)(day)?,? .*\d\d:\d\d:\d\d/.test(text)
  ) {
    return undefined
  }
  // The oldest of the three forms, asctime, names no zone but means UTC.
  const time = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
  return Number.isNaN(time) ? undefined : time
}
