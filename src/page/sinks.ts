/** The sinks: state of the breaker, lag, quarantine, losses; and what only this node has. */

import type { SinkStatus } from '../status.ts'
import { ago, bytes, duration } from './figures.ts'
import { type Html, html } from './html.ts'
import { type Mark, mark, row, table } from './table.ts'
import type { SinkView, StatusView } from './view.ts'
import { amountWords } from './words.ts'

const sinkMarks: Readonly<Record<SinkStatus['state'], Mark>> = {
  up: 'good',
  retrying: 'warn',
  down: 'bad',
  stopped: 'bad',
}

export function sinksSection({ sinks, atRisk, nowMilliseconds, spool }: StatusView): Html {
  const rows = sinks.map((sink) =>
    row(sink.name, [
      ['State', html`${mark(sinkMarks[sink.state], sink.state)}${nextTry(sink, nowMilliseconds)}`],
      ['Type', sinkKind(sink)],
      ['Held', lag(sink)],
      ['Quarantined', amountWords(sink.quarantined)],
      ['Lost', amountWords(sink.lost)],
      ['Last acknowledged', ago(nowMilliseconds, sink.lastAcknowledgedMilliseconds)],
      ['Last error', sink.lastError && html`<span class="why">${sink.lastError}</span>`],
    ]),
  )
  const risk =
    atRisk.records + atRisk.samples === 0
      ? html`<p>At risk: nothing. Another machine has acknowledged all of it.</p>`
      : html`<p>At risk: <strong>${amountWords(atRisk)}</strong> (${bytes(atRisk.bytes)}) that no other machine has acknowledged${atRisk.oldestSeconds === undefined ? '' : `, the oldest for ${duration(atRisk.oldestSeconds)}`}.</p>`
  return html`<h2>Sinks</h2>${risk}${
    sinks.length === 0
      ? undefined
      : table(
          ['Sink', 'State', 'Type', 'Held', 'Quarantined', 'Lost', 'Last acknowledged', 'Last error'],
          rows,
        )
  }<p class="why">Spool: ${bytes(spool.usedBytes)} of ${bytes(spool.boundBytes)} used.</p>`
}

function sinkKind({ type, required, offNode }: SinkView): string {
  return `${type}, ${required ? 'required' : 'optional'}, ${offNode ? 'off this node' : 'on this node'}`
}

function lag({ held, oldestHeldSeconds }: SinkView): Html {
  if (oldestHeldSeconds === undefined) return html`${amountWords(held)}`
  return html`${amountWords(held)}<br><span class="why">oldest ${duration(oldestHeldSeconds)}</span>`
}

/** When the breaker lets it be tried again. */
function nextTry({ nextTryMilliseconds: next }: SinkView, now: number): Html | undefined {
  if (next === undefined || next <= now) return undefined
  return html`<br><span class="why">again in ${duration((next - now) / 1000)}</span>`
}
