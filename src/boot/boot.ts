/** The begin and the end of an agent's run: the state copy, the markers of both, and the boot record before all others. */
import type { Clock } from '../clock.ts'
import type { CommandRunner } from '../command.ts'
import { describe, SpoolUnavailableError } from '../errors.ts'
import { within } from '../forwarders/within.ts'
import type { Log } from '../log.ts'
import type { SourceBatch } from '../model.ts'
import type { NodeIdentity } from '../node.ts'
import { ownSource, type Spool } from '../spool/spool.ts'
import type { Tree } from '../tree.ts'
import { version } from '../version.ts'
import { Copying } from './copying.ts'
import { type Evidence, gatherEvidence } from './evidence.ts'
import { bootRecord, bootStream } from './record.ts'
import { parseRun, type Run, readStateCopy, type StateCopy } from './state-copy.ts'
import { verdict } from './verdict.ts'

export interface BootParts {
  readonly identity: NodeIdentity
  readonly spool: Spool
  readonly surroundings: {
    readonly sys: Tree
    readonly proc: Tree
    readonly host: Tree
    readonly run: CommandRunner
  }
  /** `state.path`, if there is one. */
  readonly stateFolder: string | undefined
  readonly clock: Clock
  readonly log: Log
  readonly wroteCopy: (result: 'written' | 'failed') => void
}

export interface Boot {
  /** Until the signal: keeps the state copy. Never rejects. */
  run(signal: AbortSignal): Promise<void>
  /** Marks the run as stopped, in the spool and in the copy; before the sinks are drained. Never rejects. */
  stopping(): Promise<void>
  /** The last state copy, after the drain. Never rejects. */
  ended(): Promise<void>
}

const runStream = 'run'
/** A file system or a driver that hangs does not hold the start. */
const mostMilliseconds = 3000
const retryMilliseconds = 1000

/** Called before any source is read. Never rejects: what cannot be found out is said, and the agent starts. */
export async function beginBoot(parts: BootParts): Promise<Boot> {
  const { identity, spool, surroundings, stateFolder, clock, log } = parts
  const { bootId } = identity
  const copy = await foundCopy(parts)
  let run: Run = { bootId, startedMilliseconds: Math.round(clock.now()) }
  let batch: SourceBatch | undefined
  try {
    const isAdopted = copy !== undefined && (await spool.adopt(copy.positions, copy.quarantined))
    const own = await spool.positions(ownSource)
    const marker = { stream: runStream, position: JSON.stringify(run) }
    if (own.get(bootStream) === bootId) batch = { records: [], positions: [marker] }
    else {
      const { sources } = await spool.progress()
      const before = runOf(own.get(runStream)) ?? copy?.run
      const last = before?.bootId === bootId ? undefined : before
      const sent = new Set(sources.get('pstore')?.positions.keys())
      const evidence = await bounded(gatherEvidence(surroundings, sent))
      const record = bootRecord({
        identity,
        ledger: spool.ledger,
        version,
        kernel: (await surroundings.proc.line('sys/kernel/osrelease').catch(() => undefined)) ?? 'unknown',
        timeMilliseconds: clock.now(),
        from: isAdopted ? 'state copy' : sources.size > 0 ? 'spool' : 'none',
        positions: sources,
        evidence,
        last,
        verdict: verdict(evidence, last),
      })
      batch = { records: [record], positions: [{ stream: bootStream, position: bootId }, marker] }
    }
    await spool.commit(ownSource, batch)
    batch = undefined
  } catch (error) {
    log.warn('boot record', `Cannot write the boot record: ${describe(error)}`)
    if (!(error instanceof SpoolUnavailableError)) batch = undefined
  }
  const copying =
    stateFolder === undefined
      ? undefined
      : new Copying(
          { folder: stateFolder, node: identity.name, spool, clock, log, wrote: parts.wroteCopy },
          run,
          copy,
        )

  /** A disk that refused it is asked again. */
  async function late(signal: AbortSignal): Promise<void> {
    while (batch !== undefined && !signal.aborted) {
      await clock.sleep(retryMilliseconds, signal).catch(() => undefined)
      try {
        if (!signal.aborted) await spool.commit(ownSource, batch)
        batch = undefined
      } catch (error) {
        log.debug('boot record', describe(error))
      }
    }
  }

  return {
    async run(signal) {
      await Promise.all([late(signal), copying?.run(signal)])
    },
    async stopping() {
      const shutdown = await isShuttingDown(surroundings.run)
      run = {
        ...run,
        stoppedMilliseconds: Math.round(clock.now()),
        ...(shutdown !== undefined && { shutdown }),
      }
      const marker = { stream: runStream, position: JSON.stringify(run) }
      await spool.commit(ownSource, { records: [], positions: [marker] }).catch((error: unknown) => {
        log.debug('boot record', describe(error))
      })
    },
    async ended() {
      await copying?.end(run)
    },
  }
}

async function foundCopy({ stateFolder, identity, log }: BootParts): Promise<StateCopy | undefined> {
  if (stateFolder === undefined) return undefined
  try {
    return await within(readStateCopy(stateFolder, identity.name), AbortSignal.timeout(mostMilliseconds))
  } catch (error) {
    log.warn('state copy', `Cannot use the state copy in "${stateFolder}": ${describe(error)}`)
    return undefined
  }
}

async function bounded(evidence: Promise<Evidence>): Promise<Evidence> {
  try {
    return await within(evidence, AbortSignal.timeout(mostMilliseconds))
  } catch (error) {
    return { unreadable: [`not read within ${mostMilliseconds / 1000} s: ${describe(error)}`] }
  }
}

function runOf(position: string | undefined): Run | undefined {
  if (position === undefined) return undefined
  try {
    return parseRun(position)
  } catch {
    return undefined // Of another version: no marker.
  }
}

/** @returns undefined where there is no systemd to say it */
async function isShuttingDown(run: CommandRunner): Promise<boolean | undefined> {
  try {
    const { stdout } = await run({ program: 'systemctl', args: ['is-system-running'], deadlineSeconds: 1 })
    const state = stdout.toString('latin1').trim()
    return ['', 'offline', 'unknown'].includes(state) ? undefined : state === 'stopping'
  } catch {
    return undefined // No systemctl, or it does not answer.
  }
}
