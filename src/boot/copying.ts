/** Keeps the state copy up with what every required sink on another machine is done with. */
import type { Clock } from '../clock.ts'
import { describe } from '../errors.ts'
import { within } from '../forwarders/within.ts'
import type { Log } from '../log.ts'
import type { DonePosition, Spool } from '../spool/spool.ts'
import { type Run, type StateCopy, writeStateCopy } from './state-copy.ts'

export interface CopyingParts {
  readonly folder: string
  readonly node: string
  readonly spool: Pick<Spool, 'ledger' | 'donePositions' | 'progress'>
  readonly clock: Clock
  readonly log: Log
  readonly wrote: (result: 'written' | 'failed') => void
}

/** At most so often. */
const everyMilliseconds = 1000
/** The end waits so long for the last one. */
const lastMilliseconds = 2000

export class Copying {
  readonly #parts: CopyingParts
  readonly #positions = new Map<string, DonePosition>()
  #run: Run
  #isChanged = true
  /** A file system that hangs never sees a second write. */
  #writing: Promise<void> | undefined

  /** @param before the copy that was found: what is done stays so until something later is */
  constructor(parts: CopyingParts, run: Run, before: StateCopy | undefined) {
    this.#parts = parts
    this.#run = run
    for (const position of before?.positions ?? []) this.#positions.set(keyOf(position), position)
  }

  /** Until the signal; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look()
      if (this.#isChanged && this.#writing === undefined) void this.#write()
      await this.#parts.clock.sleep(everyMilliseconds, signal).catch(() => undefined)
    }
  }

  /** The last one, which says that the agent was stopped. Waits a little; never rejects. */
  async end(run: Run): Promise<void> {
    this.#run = run
    await this.#look()
    const last = (async () => {
      await this.#writing
      await this.#write()
    })()
    await within(last, AbortSignal.timeout(lastMilliseconds)).catch(() => undefined)
  }

  async #look(): Promise<void> {
    const { spool, log } = this.#parts
    try {
      const done = await spool.donePositions()
      for (const position of done) this.#positions.set(keyOf(position), position)
      this.#isChanged ||= done.length > 0
    } catch (error) {
      log.debug('state copy', describe(error))
    }
  }

  async #write(): Promise<void> {
    const { folder, node, spool, clock, log, wrote } = this.#parts
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#writing = promise
    this.#isChanged = false
    try {
      const { sources, sinks } = await spool.progress()
      for (const [key, { source, stream }] of this.#positions)
        if (!sources.get(source)?.positions.has(stream)) this.#positions.delete(key)
      const quarantined: Record<string, number> = {}
      for (const counts of sinks.values())
        for (const [source, one] of counts)
          if (one.quarantined > 0) quarantined[source] = Math.max(quarantined[source] ?? 0, one.quarantined)
      await writeStateCopy(folder, {
        version: 1,
        node,
        ledger: spool.ledger,
        writtenMilliseconds: Math.round(clock.now()),
        run: this.#run,
        quarantined,
        positions: [...this.#positions.values()],
      })
      wrote('written')
      log.onChange('state copy', 'written', `The state copy in "${folder}" is written`, 'info')
    } catch (error) {
      this.#isChanged = true
      wrote('failed')
      log.onChange('state copy', 'failing', `Cannot write the state copy: ${describe(error)}`, 'warn')
    } finally {
      this.#writing = undefined
      resolve()
    }
  }
}

function keyOf({ source, stream }: DonePosition): string {
  return JSON.stringify([source, stream])
}
