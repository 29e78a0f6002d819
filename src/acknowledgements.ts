/** Acknowledgement back to the sources (format.md): collectors are told what has left the node for good. */
import type { Clock } from './clock.ts'
import { describe } from './errors.ts'
import type { Log } from './log.ts'
import type { CollectContext, Collector } from './model.ts'
import type { Spool } from './spool/spool.ts'

/** How often the spool is asked what has been acknowledged. */
const acknowledgeSeconds = 1

export interface AcknowledgementParts {
  readonly spool: Pick<Spool, 'acknowledgedPositions'>
  readonly clock: Clock
  readonly log: Log
  /** What this collector may touch now; undefined while it is off: it is told once it is on. */
  contextFor(collector: string): CollectContext | undefined
}

/**
 * Tells collectors what every required off-node sink has acknowledged, until the signal: one call at a time for a
 * stream, in order. A call that fails is made again; a later position of its stream takes its place, as it covers it.
 */
export async function runAcknowledgements(
  collectors: readonly Collector[],
  { spool, clock, log, contextFor }: AcknowledgementParts,
  signal: AbortSignal,
): Promise<void> {
  const told = new Map(collectors.map((collector) => [collector.name, collector]))
  /** Failed, by source and stream; at most one of each. */
  const pending = new Map<string, Acknowledged>()
  while (!signal.aborted) {
    try {
      const fresh = await spool.acknowledgedPositions()
      const overtaken = new Set(fresh.map(streamKey))
      for (const key of overtaken) pending.delete(key)
      for (const one of [...pending.values(), ...fresh]) await tell(one)
    } catch (error) {
      log.warn('acknowledgements', describe(error))
    }
    await clock.sleep(acknowledgeSeconds * 1000, signal).catch(() => undefined)
  }

  async function tell(one: Acknowledged): Promise<void> {
    const cause = `acknowledgement ${one.source}`
    try {
      const collector = told.get(one.source)
      if (collector?.acknowledged) {
        const context = contextFor(one.source)
        if (context === undefined) {
          pending.set(streamKey(one), one)
          return
        }
        await collector.acknowledged(one.stream, one.position, context)
      }
      pending.delete(streamKey(one))
      log.onChange(cause, 'ok', `Source ${one.source} takes acknowledgements`, 'debug')
    } catch (error) {
      pending.set(streamKey(one), one)
      log.onChange(cause, 'failing', `Cannot acknowledge to ${one.source}: ${describe(error)}`, 'warn')
    }
  }
}

interface Acknowledged {
  readonly source: string
  readonly stream: string
  readonly position: string
}

function streamKey({ source, stream }: Acknowledged): string {
  return JSON.stringify([source, stream])
}
