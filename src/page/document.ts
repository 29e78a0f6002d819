/**
 * The page at /: one HTML document that says the state by itself, and a script that keeps it alive. Without the script
 * it loads itself again every 15 seconds. All it shows is escaped.
 */
import { createHash } from 'node:crypto'
import type { TailEvent } from '../event-tail.ts'
import { priorityNames } from '../view.ts'
import { iso } from './figures.ts'
import { Html, html } from './html.ts'
import { sections } from './sections.ts'
import { style } from './style.ts'
import { eventItem, mostEvents } from './tail.ts'
import type { StatusView } from './view.ts'

/** Only this style sheet and the agent's own script apply, and only the agent is asked. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const styleElement = new Html(`<style>${style}</style>`)

/** The whole document. @param events oldest first */
export function page(view: StatusView, events: readonly TailEvent[]): string {
  const { node, version, nowMilliseconds } = view
  const [facts, ...others] = sections
  const [summary, zram, ...rest] = others.map(
    ([id, draw]) => html`<section id="${id}">${draw(view)}</section>`,
  )
  const now = iso(nowMilliseconds)
  return html`<!doctype html>
<html lang="en" data-version="${version}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<noscript><meta http-equiv="refresh" content="15"></noscript>
<link rel="icon" href="data:,">
<title>${node} · Remora</title>
${styleElement}
<script src="/page.js" defer></script>
</head>
<body>
<header>
<h1>${node}</h1>
<p id="live" role="status">As of <time datetime="${now}">${now}</time></p>
<dl class="facts" id="facts">${facts?.[1](view)}</dl>
</header>
<main>
${summary}
${zram}
${history}
${rest}
${tail(events)}
</main>
<footer>Also here: <a href="/metrics">/metrics</a>, <a href="/api/v1/status">/api/v1/status</a>, <a href="/api/v1/history">/api/v1/history</a>, <a href="/api/v1/events">/api/v1/events</a>, <a href="/-/ready">/-/ready</a>.</footer>
</body>
</html>
`.text
}

/** Charts need the script, which shows this once it has drawn them. */
const history = html`<section id="history" hidden><h2>The last hour</h2>
<p><label>Device <select id="device"></select></label></p>
<div class="charts"></div></section>`

function tail(events: readonly TailEvent[]): Html {
  const priorities = priorityNames.map((name, at) => html`<option value="${at}">${name}</option>`)
  const newest = events.slice(-mostEvents).toReversed()
  return html`<section id="tail"><h2 id="tail-heading">Events</h2>
<form id="filter" hidden>
<label>Source <select name="source"><option value="">all</option></select></label>
<label>Priority <select name="priority"><option value="">all</option>${priorities}</select></label>
<label>Text <input name="text" type="search" maxlength="200" autocomplete="off"></label>
<button type="button" id="pause" aria-pressed="false">Pause</button>
</form>
<p id="passed" class="why"></p>
<ol id="events" tabindex="0" aria-labelledby="tail-heading">${newest.map(eventItem)}</ol></section>`
}
