/** The live tail: a filter that the agent applies, a list that can be paused. */
import type { TailEvent } from '../../event-tail.ts'
import { count } from '../figures.ts'
import { eventItem, mostEvents } from '../tail.ts'
import type { Events } from './live.ts'
import { byId, byIdOf, setOptions } from './select.ts'

/** A pause in typing before the agent is asked. */
const typingMilliseconds = 300

export class EventList {
  readonly #list = byId('events')
  readonly #form = byIdOf('filter', HTMLFormElement)
  readonly #pause = byIdOf('pause', HTMLButtonElement)
  readonly #passed = byId('passed')
  #missing = 0
  /** Oldest first; drawn unless paused. */
  #events: readonly TailEvent[] = []
  #isPaused = false

  /** @param ask begins the stream anew with a filter; called at once */
  constructor(ask: (query: URLSearchParams) => void) {
    this.#form.hidden = false
    const query = () =>
      new URLSearchParams([...new FormData(this.#form)].map(([name, value]) => [name, String(value)]))
    let typing: ReturnType<typeof setTimeout> | undefined
    this.#form.addEventListener('input', () => {
      clearTimeout(typing)
      typing = setTimeout(() => ask(query()), typingMilliseconds)
    })
    this.#form.addEventListener('submit', (event) => event.preventDefault())
    this.#pause.addEventListener('click', () => this.#toggle())
    ask(query())
  }

  /** What can be chosen from. */
  sources(names: readonly string[]): void {
    const list = this.#form.elements.namedItem('source')
    const events = names.filter((name) => name !== 'metrics')
    if (list instanceof HTMLSelectElement) setOptions(list, events, 1)
  }

  take({ reset, missing, events }: Events): void {
    this.#missing = reset ? 0 : this.#missing + missing
    const before = reset ? [] : this.#events
    this.#events = [...before, ...events].slice(-mostEvents)
    if (this.#isPaused) return
    if (reset) this.#list.replaceChildren()
    this.#draw(reset ? this.#events : events)
  }

  /** Puts these before the others. */
  #draw(newer: readonly TailEvent[]): void {
    const template = document.createElement('template')
    template.innerHTML = newer
      .slice(-mostEvents)
      .toReversed()
      .map((event) => eventItem(event).text)
      .join('')
    // Who reads further down stays there.
    const isAtTop = this.#list.scrollTop === 0
    const before = this.#list.scrollHeight
    this.#list.prepend(template.content)
    while (this.#list.childElementCount > mostEvents) this.#list.lastElementChild?.remove()
    if (!isAtTop) this.#list.scrollTop += this.#list.scrollHeight - before
    const words = [
      this.#list.childElementCount === 0 ? 'No events yet that the filter lets pass.' : '',
      this.#missing > 0 ? `${count(this.#missing)} came faster than they could be shown.` : '',
    ]
    this.#passed.textContent = words.join(' ').trim()
  }

  #toggle(): void {
    this.#isPaused = !this.#isPaused
    this.#pause.setAttribute('aria-pressed', String(this.#isPaused))
    this.#pause.textContent = this.#isPaused ? 'Go on' : 'Pause'
    if (this.#isPaused) return
    this.#list.replaceChildren()
    this.#draw(this.#events)
  }
}
