/**
 * /api/v1/live: the status as it changes, by server-sent events. One loop for all viewers, and none without any: the
 * cheap collectors are read and the status is made once, however many look. Viewers and what is kept for each are
 * bounded: one that does not read is cut off, and begins anew with the whole state when it comes back.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import type { ServerResponse } from 'node:http'
import type { EventFilter } from '../event-tail.ts'
import type { StatusView } from '../page/view.ts'
import type { Status } from '../status.ts'
import { type Answer, type Stream, within, words } from './answer.ts'
import { statusView } from './view.ts'

const mostViewers = 16
/** Not yet taken by a viewer's connection. */
const mostUnsentBytes = 1 << 20
const refreshMilliseconds = 1000

interface Viewer {
  readonly response: ServerResponse
  readonly filter: EventFilter
  /** The number of the last event it was offered. */
  seen: number
}

export interface LiveOptions {
  readonly status: Status
  /** Told of what went wrong; the viewers see the state before. */
  readonly failed?: (error: Error) => void
  /** Between two statuses, milliseconds; default 2000. */
  readonly statusMilliseconds?: number
  /** Between two looks for events, milliseconds; default 500. */
  readonly eventsMilliseconds?: number
}

/** Parts of the status as text, by name. */
type Parts = Map<string, string>

export class Live {
  readonly #options: LiveOptions
  readonly #viewers = new Set<Viewer>()
  #parts: Parts = new Map()
  #point: number | undefined
  #timers: NodeJS.Timeout[] = []
  #unwatch: (() => void) | undefined
  #making = false
  #closed = false

  constructor(options: LiveOptions) {
    this.#options = options
  }

  /** How many look. */
  get viewers(): number {
    return this.#viewers.size
  }

  /** @returns 503 when too many look already */
  open(filter: EventFilter): Stream | Answer {
    if (this.#closed) return words(503, 'Cannot answer: Remora is stopping')
    if (this.#viewers.size >= mostViewers)
      return words(503, `Cannot answer: ${mostViewers} viewers are watching`, { 'Retry-After': '10' })
    return { begin: (response) => this.#begin(response, filter) }
  }

  /** Ends the streams. */
  close(): void {
    this.#closed = true
    for (const { response } of this.#viewers) response.end()
    this.#stop()
  }

  #begin(response: ServerResponse, filter: EventFilter): void {
    const { history, events } = this.#options.status
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      // Proxies that gather answers would hold them back.
      'X-Accel-Buffering': 'no',
    })
    const viewer: Viewer = { response, filter, seen: events.newest }
    response.on('close', () => this.#leave(viewer))
    response.on('error', () => this.#leave(viewer))
    if (this.#viewers.size === 0) this.#start()
    this.#viewers.add(viewer)
    send(viewer, 'retry: 2000\n\n')
    if (this.#parts.size > 0) send(viewer, statusMessage(this.#parts))
    send(viewer, message('history', history.view()))
    const recent = events.after(0, filter)
    send(viewer, message('events', { reset: true, missing: 0, events: recent }))
  }

  #leave(viewer: Viewer): void {
    this.#viewers.delete(viewer)
    if (this.#viewers.size === 0) this.#stop()
  }

  #start(): void {
    const { statusMilliseconds = 2000, eventsMilliseconds = 500, status } = this.#options
    this.#unwatch = status.events.watch()
    this.#point = status.history.last?.timeMilliseconds
    this.#timers = [
      setInterval(() => void this.#tell(), statusMilliseconds),
      setInterval(() => this.#pass(), eventsMilliseconds),
    ]
    void this.#tell()
  }

  #stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    this.#unwatch?.()
    this.#unwatch = undefined
    // Whoever comes next begins with a fresh one.
    this.#parts = new Map()
  }

  /** Makes the status and sends what has changed in it. */
  async #tell(): Promise<void> {
    if (this.#making) return
    this.#making = true
    try {
      const { status } = this.#options
      await within(status.refresh(), refreshMilliseconds)
      const parts = partsOf(await statusView(status))
      if (this.#viewers.size === 0) return
      const changed: Parts = new Map()
      for (const [name, text] of parts) if (this.#parts.get(name) !== text) changed.set(name, text)
      this.#parts = parts
      this.#all(statusMessage(changed))
      const point = status.history.last
      if (point === undefined || point.timeMilliseconds === this.#point) return
      this.#point = point.timeMilliseconds
      this.#all(message('point', point))
    } catch (error) {
      this.#options.failed?.(error instanceof Error ? error : new Error(String(error)))
    } finally {
      this.#making = false
    }
  }

  /** Sends each viewer the events its filter lets pass. What came faster than the tail keeps is a number. */
  #pass(): void {
    const { events } = this.#options.status
    for (const viewer of this.#viewers) {
      if (events.newest === viewer.seen) continue
      const missing = events.missing(viewer.seen)
      const passing = events.after(viewer.seen, viewer.filter)
      viewer.seen = events.newest
      if (passing.length > 0 || missing > 0)
        send(viewer, message('events', { reset: false, missing, events: passing }))
    }
  }

  #all(text: string): void {
    for (const viewer of this.#viewers) send(viewer, text)
  }
}

function send({ response }: Viewer, text: string): void {
  if (response.writableLength + text.length > mostUnsentBytes) response.destroy()
  else response.write(text)
}

function partsOf(view: StatusView): Parts {
  return new Map(Object.entries(view).map(([name, value]) => [name, JSON.stringify(value)]))
}

function statusMessage(parts: Parts): string {
  const all = [...parts].map(([name, text]) => `${JSON.stringify(name)}:${text}`)
  return `event: status\ndata: {${all.join()}}\n\n`
}

/** JSON has no line breaks of its own, which would end the message. */
function message(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
