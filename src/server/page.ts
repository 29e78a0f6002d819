/**
 * The page at /: one HTML document without scripts or anything fetched, that loads itself again every 15 seconds.
 * All it shows is in the StatusView, escaped.
 */
import { createHash } from 'node:crypto'
import type { CollectorStatus, SinkStatus } from '../status.ts'
import { bytes, count, duration, percent } from './figures.ts'
import { Html, html } from './html.ts'
import { ledgerSection } from './ledger-table.ts'
import { style } from './style.ts'
import { type Mark, mark, row, table } from './table.ts'
import type { Amount, SinkView, StatusView, ZramView } from './view.ts'

/** The page may load nothing and run nothing: only this style sheet applies. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const styleElement = new Html(`<style>${style}</style>`)

/** The whole document. */
export function page(view: StatusView): string {
  const { node, bootId, version, root } = view
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="15">
<link rel="icon" href="data:,">
<title>${node} · Remora</title>
${styleElement}
</head>
<body>
<header>
<h1>${node}</h1>
<dl class="facts">
${fact('Root', root && rootWords(root))}
${fact('Boot', bootId)}
${fact('Remora', `${version}, running for ${duration((view.nowMilliseconds - view.startedMilliseconds) / 1000)}`)}
</dl>
${notes(view)}
</header>
<main>
${zramSection(view.zram)}
${sinksSection(view)}
${ledgerSection(view)}
${collectorsSection(view.collectors)}
</main>
<footer>As of <time datetime="${iso(view.nowMilliseconds)}">${iso(view.nowMilliseconds)}</time>. Also here: <a href="/metrics">/metrics</a>, <a href="/api/v1/status">/api/v1/status</a>, <a href="/-/ready">/-/ready</a>.</footer>
</body>
</html>
`.text
}

/** The labels as words: `zram, ext4, ephemeral`. */
function rootWords(labels: Readonly<Record<string, string>>): string {
  const flag = (name: string, value: string) =>
    value === 'true' ? name : value === 'false' ? `not ${name}` : value
  return Object.entries(labels)
    .map(([name, value]) => flag(name, value))
    .filter((word) => word !== '')
    .join(', ')
}

function fact(name: string, value: string | undefined): Html {
  return value ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : html``
}

function notes({ notReady, root, sinks, spool }: StatusView): Html[] {
  const found: Html[] = []
  if (notReady.length > 0) found.push(html`<p class="note warn">Not ready: ${notReady.join('; ')}.</p>`)
  if (!sinks.some((sink) => sink.offNode)) {
    const here =
      sinks.length === 0
        ? 'no sink is configured'
        : `no sink is on another machine (${sinks.map((sink) => sink.name).join(', ')} ${sinks.length === 1 ? 'is' : 'are'} here)`
    const end =
      root?.ephemeral === 'true'
        ? 'What is collected ends with this boot'
        : 'What is collected is lost with this machine'
    found.push(html`<p class="note bad">Nothing leaves this node: ${here}. ${end}.</p>`)
  }
  if (!spool.onDisk) {
    found.push(
      html`<p class="note bad">The spool is only in memory: a crash of the agent loses what is held.</p>`,
    )
  }
  if (!spool.writable) {
    found.push(html`<p class="note bad">The disk refuses to be written: the sources wait.</p>`)
  }
  if (spool.pausedSources.length > 0) {
    found.push(html`<p class="note warn">The spool is full; paused: ${spool.pausedSources.join(', ')}.</p>`)
  }
  return found
}

function zramSection(devices: readonly ZramView[]): Html {
  if (devices.length === 0) return html`<section><h2>zram</h2><p>There is no zram device here.</p></section>`
  const rows = devices.map((device) =>
    row(device.device, [
      ['For', [device.kind, device.mountpoint].filter(Boolean).join(' ')],
      ['Algorithm', device.algorithm],
      ['Fill', html`<span class="fill">${device.fill.map(fillBar)}</span>`],
      [
        'Compression',
        device.compression.map(
          ({ denominator, ratio }, index) =>
            html`${index > 0 ? html`<br>` : undefined}${ratio.toFixed(2)} : 1 <span class="why">${denominator}</span>`,
        ),
      ],
    ]),
  )
  return html`<section><h2>zram</h2>${table(['Device', 'For', 'Algorithm', 'Fill by constraint', 'Compression'], rows)}</section>`
}

/** A bar without a style attribute, which the page's policy forbids. */
function fillBar({ constraint, ratio }: { readonly constraint: string; readonly ratio: number }): Html {
  const level = ratio >= 0.95 ? 'bad' : ratio >= 0.85 ? 'warn' : 'good'
  const width = (Math.min(1, Math.max(0, ratio)) * 100).toFixed(1)
  return html`<span>${constraint}</span><svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="back" width="100" height="6"/><rect class="${level}" width="${width}" height="6"/></svg><span>${percent(ratio)}</span>`
}

const sinkMarks: Readonly<Record<SinkStatus['state'], Mark>> = {
  up: 'good',
  retrying: 'warn',
  down: 'bad',
  stopped: 'bad',
}

function sinksSection({ sinks, atRisk, nowMilliseconds, spool }: StatusView): Html {
  const rows = sinks.map((sink) =>
    row(sink.name, [
      ['State', mark(sinkMarks[sink.state], sink.state)],
      ['Type', sinkKind(sink)],
      ['Held', lag(sink)],
      ['Quarantined', amount(sink.quarantined)],
      ['Lost', amount(sink.lost)],
      ['Last acknowledged', ago(nowMilliseconds, sink.lastAcknowledgedMilliseconds)],
      ['Last error', sink.lastError && html`<span class="why">${sink.lastError}</span>`],
    ]),
  )
  const risk =
    atRisk.records + atRisk.samples === 0
      ? html`<p>At risk: nothing. Another machine has acknowledged all of it.</p>`
      : html`<p>At risk: <strong>${amount(atRisk)}</strong> (${bytes(atRisk.bytes)}) that no other machine has acknowledged${atRisk.oldestSeconds === undefined ? '' : `, the oldest for ${duration(atRisk.oldestSeconds)}`}.</p>`
  return html`<section><h2>Sinks</h2>${risk}${
    sinks.length === 0
      ? undefined
      : table(
          ['Sink', 'State', 'Type', 'Held', 'Quarantined', 'Lost', 'Last acknowledged', 'Last error'],
          rows,
        )
  }<p class="why">Spool: ${bytes(spool.usedBytes)} of ${bytes(spool.boundBytes)} used.</p></section>`
}

function sinkKind({ type, required, offNode }: SinkView): string {
  return `${type}, ${required ? 'required' : 'optional'}, ${offNode ? 'off this node' : 'on this node'}`
}

function lag({ held, oldestHeldSeconds }: SinkView): Html {
  if (oldestHeldSeconds === undefined) return html`${amount(held)}`
  return html`${amount(held)}<br><span class="why">oldest ${duration(oldestHeldSeconds)}</span>`
}

function amount({ records, samples }: Amount): string {
  const parts = []
  if (records > 0) parts.push(`${count(records)} ${records === 1 ? 'record' : 'records'}`)
  if (samples > 0) parts.push(`${count(samples)} ${samples === 1 ? 'sample' : 'samples'}`)
  return parts.join(', ') || 'none'
}

const collectorMarks: Readonly<Record<CollectorStatus['state'], Mark>> = {
  ok: 'good',
  failing: 'bad',
  waiting: 'warn',
  absent: 'faint',
  disabled: 'faint',
}

function collectorsSection(collectors: readonly CollectorStatus[]): Html {
  const rows = collectors.map((collector) =>
    row(collector.name, [
      ['State', mark(collectorMarks[collector.state], collector.state)],
      ['Age', collector.ageSeconds === undefined ? undefined : duration(collector.ageSeconds), 'number'],
      [
        'Took',
        collector.durationSeconds === undefined ? undefined : milliseconds(collector.durationSeconds),
        'number',
      ],
      ['Series', count(collector.series), 'number'],
      ['Schedule', collector.schedule ?? 'at each scrape'],
      ['Why', collector.why && html`<span class="why">${collector.why}</span>`],
    ]),
  )
  return html`<section><h2>Collectors</h2>${table(['Collector', 'State', 'Age', 'Took', 'Series', 'Schedule', 'Why'], rows, collectorFigures)}</section>`
}

const collectorFigures = new Set(['Age', 'Took', 'Series'])

function milliseconds(seconds: number): string {
  return seconds < 1 ? `${(seconds * 1000).toFixed(1)} ms` : duration(seconds)
}

function ago(now: number, moment: number | undefined): string {
  return moment === undefined ? 'never' : `${duration(Math.max(0, now - moment) / 1000)} ago`
}

function iso(moment: number): string {
  return `${new Date(moment).toISOString().slice(0, 19)}Z`
}
