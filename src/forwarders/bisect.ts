/**
 * A batch that was refused for its content is cut in halves until each refused record stands alone (design.md,
 * Delivery). Both halves are sent before either is cut again: a poison record in front is then soon told from a
 * receiver that refuses everything. At most 64 requests; what is unresolved then is quarantined together.
 */
import { type SpooledBatch, slice } from '../spool/batch.ts'
import type { Answer } from './forwarder.ts'

const mostRequests = 64
/** From this size on, so many refusals without one acceptance mean that the receiver refuses everything. */
const fewestOfMany = 16
const refusalsOfEverything = 8

/** What became of the whole batch. */
export type Resolution =
  | {
      readonly is: 'resolved'
      readonly acknowledged: number
      readonly lost: { readonly reason: string; readonly count: number } | undefined
      readonly quarantined: readonly { readonly index: number; readonly words: string }[]
      /** The receivers that took part of it. */
      readonly endpoints: ReadonlySet<string>
    }
  /** Not poison: the receiver refuses everything. */
  | { readonly is: 'refuses-everything'; readonly words: string }

/**
 * @param send sends one part until the receiver answers with something final: accepted, partly, lost or refused
 */
export async function resolve(
  batch: SpooledBatch,
  send: (part: SpooledBatch) => Promise<Answer>,
): Promise<Resolution> {
  const quarantined: { index: number; words: string }[] = []
  const endpoints = new Set<string>()
  let lost: { reason: string; count: number } | undefined
  let acknowledged = 0
  let requests = 0
  let refusals = 0
  let lastWords = ''
  /** Parts still to send, the next one first. */
  const parts: { start: number; end: number }[] = [{ start: 0, end: batch.count }]
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const { start, end } = part
    if (requests >= mostRequests) {
      for (let index = start; index < end; index++) quarantined.push({ index, words: lastWords })
      continue
    }
    const answer = await send(slice(batch, start, end))
    requests += 1
    if (answer.endpoint !== undefined) endpoints.add(answer.endpoint)
    if (answer.is === 'accepted') acknowledged += end - start
    else if (answer.is === 'partly') {
      acknowledged += end - start - answer.refused.length
      for (const { index, words } of answer.refused) quarantined.push({ index: start + index, words })
    } else if (answer.is === 'lost') {
      lost = { reason: answer.reason, count: (lost?.count ?? 0) + end - start }
    } else {
      refusals += 1
      lastWords = answer.words
      if (
        acknowledged === 0 &&
        lost === undefined &&
        refusals >= refusalsOfEverything &&
        batch.count >= fewestOfMany
      )
        return { is: 'refuses-everything', words: lastWords }
      if (end - start === 1) quarantined.push({ index: start, words: lastWords })
      else {
        const middle = start + Math.ceil((end - start) / 2)
        parts.push({ start, end: middle }, { start: middle, end })
      }
    }
  }
  quarantined.sort((a, b) => a.index - b.index)
  return { is: 'resolved', acknowledged, lost, quarantined, endpoints }
}
