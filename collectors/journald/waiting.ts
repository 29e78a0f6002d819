/** Waits that a signal ends. */
import { setTimeout as sleep } from 'node:timers/promises'

/** How often namespaces and folders are looked for, and a silent journalctl is compared with its files. */
export const lookMilliseconds = 3000

export async function watch(signal: AbortSignal, look: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await pause(lookMilliseconds, signal)
    if (!signal.aborted) await look()
  }
}

/** Sleeps, or less at the signal. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return sleep(milliseconds, undefined, { signal }).catch(() => undefined)
}

/** Whether the promise is kept in time. */
export async function within(
  promise: Promise<void>,
  milliseconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  const over = new AbortController()
  const late = sleep(milliseconds, false, { signal: AbortSignal.any([over.signal, signal]) }).catch(
    () => false,
  )
  const inTime = await Promise.race([promise.then(() => true), late])
  over.abort()
  return inTime
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
