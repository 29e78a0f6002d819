/** Sends a heartbeat to every sink that takes one, every so many seconds, beside what is delivered. */
import type { Clock } from './clock.ts'
import { describe } from './errors.ts'
import type { Log } from './log.ts'
import type { Sinks } from './sinks.ts'
import type { Spool } from './spool/spool.ts'

export interface HeartbeatsParts {
  readonly spool: Pick<Spool, 'progress'>
  readonly sinks: Pick<Sinks, 'beat'>
  readonly clock: Clock
  readonly log: Pick<Log, 'debug'>
}

/** The last one, of an agent that is stopped, is waited for so long. */
const lastSeconds = 2

/** Until the signal; the first at once, so that a boot that dies young has left one. Never rejects. */
export async function runHeartbeats(
  { spool, sinks, clock, log }: HeartbeatsParts,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const failed = (error: unknown) => log.debug('heartbeat', `Cannot make a heartbeat: ${describe(error)}`)
  while (!signal.aborted) {
    try {
      // Not waited for: a sink that is slow holds neither the others nor the next one of theirs.
      sinks.beat(await spool.progress(), seconds, seconds).catch(failed)
    } catch (error) {
      failed(error)
    }
    await clock.sleep(seconds * 1000, signal).catch(() => undefined)
  }
}

/** Says that the agent was stopped, and what it leaves. Never rejects. */
export async function lastHeartbeat({ spool, sinks, log }: HeartbeatsParts): Promise<void> {
  try {
    await sinks.beat(await spool.progress(), 0, lastSeconds)
  } catch (error) {
    log.debug('heartbeat', `Cannot make the last heartbeat: ${describe(error)}`)
  }
}
