/**
 * What Loki's 400 says (pkg/validation/validate.go and pkg/ingester/stream.go of 3.x). Everything valid in the request
 * was stored all the same. It speaks of one stream only, whatever became of the others, and names at most ten entries,
 * but counts them: so a request of several streams is sent again one by one before its words are trusted.
 */

export type Refusal =
  /** Lines over the receiver's limit. */
  | { readonly is: 'line_too_long'; readonly mostBytes: number }
  /** Newer or older than the receiver takes at this moment. */
  | { readonly is: 'too_new' }
  | { readonly is: 'too_old'; readonly oldest: number }
  /** So many of the oldest entries lie too far behind the newest of their stream. */
  | { readonly is: 'too_far_behind'; readonly count: number; readonly oldest: number }
  | { readonly is: 'unknown' }

const lineTooLong = /Max entry size '(\d+)' bytes exceeded/
const tooOld = /timestamp too old/
const tooNew = /timestamp too new/
const tooFarBehind = /too far behind/
const oldestAcceptable = /oldest acceptable timestamp is: (\S+?)[',]*(?:\s|$)/
const ignored = /total ignored: (\d+) out of \d+/

export function refusal(words: string): Refusal {
  const tooLong = lineTooLong.exec(words)?.[1]
  if (tooLong !== undefined) return { is: 'line_too_long', mostBytes: Number(tooLong) }
  const oldest = secondAfter(oldestAcceptable.exec(words)?.[1])
  if (tooFarBehind.test(words)) {
    const count = Number(ignored.exec(words)?.[1] ?? 0)
    return count > 0 && oldest !== undefined ? { is: 'too_far_behind', count, oldest } : { is: 'unknown' }
  }
  if (tooOld.test(words) && oldest !== undefined) return { is: 'too_old', oldest }
  return tooNew.test(words) ? { is: 'too_new' } : { is: 'unknown' }
}

/** Microseconds since the epoch; the words are cut to the second. */
function secondAfter(text: string | undefined): number | undefined {
  const milliseconds = Date.parse(text ?? '')
  return Number.isNaN(milliseconds) ? undefined : (milliseconds + 1000) * 1000
}
