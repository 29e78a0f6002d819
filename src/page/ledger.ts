/** The ledger on the page: both equations of format.md, with their terms and whether they add up. */
import { count } from './figures.ts'
import { type Html, html } from './html.ts'
import { mark, row, table } from './table.ts'
import { type StatusView, sum } from './view.ts'

export function ledgerSection({ ledger }: StatusView): Html {
  const sources = ledger.sources.map((source) =>
    row(source.source, [
      ['Read', count(source.read), 'number'],
      ['Filtered', count(source.filtered), 'number'],
      ['Spooled', count(source.spooled), 'number'],
      ['Ledger', balance(source.difference)],
      ['Missed', reasons(source.missed)],
    ]),
  )
  const sinks = ledger.sinks.map((sink) =>
    row(`${sink.sink} ← ${sink.source}${sink.removed ? ' (removed)' : ''}`, [
      ['Routed', count(sink.routed), 'number'],
      ['Acknowledged', count(sink.acknowledged), 'number'],
      ['Held', count(sink.held), 'number'],
      ['Quarantined', count(sink.quarantined), 'number'],
      ['Lost', count(sum(sink.lost)), 'number'],
      ['Ledger', balance(sink.difference)],
      ['Reasons', reasons(sink.lost)],
    ]),
  )
  if (sources.length === 0) return html`<h2>Ledger</h2><p>Nothing has been read yet.</p>`
  return html`<h2>Ledger</h2>
<h3>Read = filtered + spooled</h3>
${table(['Source', 'Read', 'Filtered', 'Spooled', 'Ledger', 'Missed'], sources, figures)}
<h3>Routed = acknowledged + held + quarantined + lost</h3>
${
  sinks.length === 0
    ? html`<p>Nothing has been routed to a sink.</p>`
    : table(
        ['Sink ← source', 'Routed', 'Acknowledged', 'Held', 'Quarantined', 'Lost', 'Ledger', 'Reasons'],
        sinks,
        figures,
      )
}
<p class="why">Ledger ${ledger.id}. The source metrics counts samples, every other one records.</p>`
}

const figures = new Set([
  'Read',
  'Filtered',
  'Spooled',
  'Routed',
  'Acknowledged',
  'Held',
  'Quarantined',
  'Lost',
])

function balance(difference: number): Html {
  if (difference === 0) return mark('good', '✓ adds up')
  return mark('bad', `✗ off by ${count(difference)}`)
}

/** `3 overrun, 1 vacuumed`; nothing when all are zero. */
function reasons(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, number]) => number > 0)
    .map(([reason, number]) => `${count(number)} ${reason}`)
    .join(', ')
}
