/**
 * How long an answer is waited for. Where the process itself stood still (a stalled disk, a stopped machine), the time is
 * over before what came meanwhile is read, for Node runs timers first: that is read before patience ends.
 */
export interface Patience extends Disposable {
  /** Aborted with a `TimeoutError`. */
  readonly signal: AbortSignal
}

export function patience(milliseconds: number): Patience {
  const controller = new AbortController()
  const timer = setTimeout(() => {
    // The first turn reads, the second gives what was read to whoever waits for it.
    setImmediate(() => setImmediate(() => controller.abort(new DOMException('no answer', 'TimeoutError'))))
  }, milliseconds)
  timer.unref()
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}
