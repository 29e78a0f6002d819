/** The stream of what changes, from /api/v1/live, begun anew whenever it breaks or falls silent. */
import type { TailEvent } from '../../event-tail.ts'
import type { HistoryPoint, HistoryView } from '../../history.ts'
import type { StatusView } from '../view.ts'

export interface Events {
  /** These are all there are; else they are newer than those before. */
  readonly reset: boolean
  /** How many came faster than the agent keeps them. */
  readonly missing: number
  /** Oldest first. */
  readonly events: readonly TailEvent[]
}

export interface Listener {
  /** Parts of the status that have changed; all of them at the beginning. */
  status(changes: Partial<StatusView>): void
  history(view: HistoryView): void
  point(point: HistoryPoint): void
  events(events: Events): void
  lost(): void
}

/** The agent says something every two seconds. */
const silentMilliseconds = 15_000
const againMilliseconds = 2000

export class LiveStream {
  readonly #listener: Listener
  #query = ''
  #source: EventSource | undefined
  #heard = 0

  constructor(listener: Listener) {
    this.#listener = listener
    setInterval(() => this.#look(), againMilliseconds)
  }

  /** Begins anew with this filter for events. */
  open(query: URLSearchParams): void {
    this.#query = String(query)
    this.#begin()
  }

  #begin(): void {
    this.#source?.close()
    const source = new EventSource(`/api/v1/live?${this.#query}`)
    this.#source = source
    this.#heard = Date.now()
    const on = <T>(name: string, take: (data: T) => void) =>
      source.addEventListener(name, (event) => {
        if (source !== this.#source) return
        this.#heard = Date.now()
        take(JSON.parse(event.data))
      })
    on('status', (data: Partial<StatusView>) => this.#listener.status(data))
    on('history', (data: HistoryView) => this.#listener.history(data))
    on('point', (data: HistoryPoint) => this.#listener.point(data))
    on('events', (data: Events) => this.#listener.events(data))
    source.onerror = () => {
      if (source === this.#source) this.#listener.lost()
    }
  }

  #look(): void {
    const source = this.#source
    if (source === undefined) return
    const isSilent = Date.now() - this.#heard > silentMilliseconds
    if (isSilent) this.#listener.lost()
    if (isSilent || source.readyState === EventSource.CLOSED) this.#begin()
  }
}
