/**
 * Waits again and again, as cheaply as Node can: one timer, and one listener for the end. What wakes up four times a
 * second for nothing costs mostly what it makes anew each time.
 */
export class Alarm implements Disposable {
  readonly #signal: AbortSignal
  #timer: NodeJS.Timeout | undefined
  #milliseconds = 0
  #wake: () => void = () => undefined
  readonly #ring = () => this.ring()

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', this.#ring)
  }

  /** Resolves after so long, or at once when the signal is aborted. One at a time. */
  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      if (this.#signal.aborted) resolve()
      else if (this.#timer !== undefined && this.#milliseconds === milliseconds) this.#timer.refresh()
      else {
        clearTimeout(this.#timer)
        this.#timer = setTimeout(this.#ring, milliseconds)
        this.#milliseconds = milliseconds
      }
    })
  }

  /** Ends the wait in hand. */
  ring(): void {
    this.#wake()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#ring)
  }
}
