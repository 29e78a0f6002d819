/** Keeps the page alive: what the agent says is drawn by the same functions that have drawn it in the agent. */
import { iso } from '../figures.ts'
import { sections } from '../sections.ts'
import type { StatusView } from '../view.ts'
import { Charts } from './charts.ts'
import { EventList } from './events.ts'
import { LiveStream } from './live.ts'
import { morph } from './morph.ts'
import { byId } from './select.ts'

const live = byId('live')
const charts = new Charts()
/** What is drawn in each section. */
const drawn = new Map<string, string>()
let known: Partial<StatusView> = {}
let isLost = false

const stream = new LiveStream({
  status(changes) {
    known = { ...known, ...changes }
    if (!isWhole(known)) return
    // The agent was replaced by another version: this script may not fit it.
    if (known.version !== document.documentElement.dataset.version) location.reload()
    draw(known)
  },
  history: (view) => charts.begin(view),
  point: (point) => charts.add(point),
  events: (events) => list.take(events),
  lost() {
    if (!isLost) say(`No connection to the agent since ${clock()}; this is the state of then`, true)
    isLost = true
  },
})
const list = new EventList((query) => stream.open(query))

function draw(view: StatusView): void {
  for (const [id, section] of sections) {
    const { text } = section(view)
    if (drawn.get(id) === text) continue
    drawn.set(id, text)
    morph(byId(id), text)
  }
  charts.devices(view.zram)
  list.sources(view.ledger.sources.map(({ source }) => source))
  if (isLost || live.dataset.live === undefined) say('Live', false)
  isLost = false
  live.dataset.live = iso(view.nowMilliseconds)
}

/** Only changes of it are said aloud. */
function say(words: string, isBad: boolean): void {
  live.textContent = words
  live.classList.toggle('bad', isBad)
}

function clock(): string {
  return new Date().toLocaleTimeString()
}

function isWhole(view: Partial<StatusView>): view is StatusView {
  return view.areas !== undefined
}
