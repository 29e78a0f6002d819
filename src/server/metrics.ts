/** /metrics: the cheap collectors are read now, then the last reading of every collector is shown. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Registry } from 'prom-client'
import { contentTypes, ownFamilies, render } from '../exposition.ts'
import type { Status } from '../status.ts'
import { chooseFormat } from './accept.ts'
import { type Answer, within, words } from './answer.ts'
import { compressed } from './compress.ts'

/** A page of a scraper that names no time-out is answered within this. */
const longestSeconds = 10
/** Kept of a scraper's own time-out for rendering and sending. */
const marginRatio = 0.2

/**
 * Answers one scrape.
 * @param query `collect[]` names collectors, repeated; none: all, and the agent's own metrics
 * @returns 200 with the page, 400 naming an unknown collector
 */
export async function scrape(
  status: Status,
  registry: Registry,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
  dropped?: (series: string) => void,
): Promise<Answer> {
  const wanted = [...new Set(query.getAll('collect[]'))]
  const known = status.collectors().map((collector) => collector.name)
  const unknown = wanted.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    const names = unknown.map((name) => `"${name}"`).join(', ')
    return words(400, `Cannot collect ${names}: no such collector. Known: ${known.join(', ')}`)
  }
  const names = wanted.length > 0 ? wanted : undefined
  // A refresh that takes too long ends by itself, later; the page then shows the readings before it.
  await within(status.refresh(names), patienceMilliseconds(headers['x-prometheus-scrape-timeout-seconds']))
  const samples = await status.samples(names)
  const own = names === undefined ? await ownFamilies(registry) : []
  const format = chooseFormat(headers.accept)
  const text = render(samples, format, dropped === undefined ? { own } : { own, dropped })
  const page = format === 'openmetrics' ? `${text}# EOF\n` : text
  const answer = { status: 200, type: contentTypes[format], body: page }
  return compressed(headers, { ...answer, headers: { Vary: 'Accept, Accept-Encoding' } })
}

/** How long a refresh may take, from what Prometheus says of its own time-out. */
export function patienceMilliseconds(header: string | string[] | undefined): number {
  const seconds = Number(header)
  const bound = seconds > 0 ? Math.min(seconds, longestSeconds) : longestSeconds
  return bound * (1 - marginRatio) * 1000
}
