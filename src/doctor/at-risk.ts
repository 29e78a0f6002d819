/** What a reset of the node would lose now: what is in the spool and no other machine has acknowledged. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe } from '../errors.ts'
import { Database } from '../spool/database.ts'
import { spoolFile } from '../spool/database-file.ts'
import { atRisk } from '../spool/ledger.ts'
import { takes } from '../spool/sinks.ts'
import { metricsSource, type SinkRoute } from '../spool/spool.ts'
import { humanise } from '../units.ts'
import { type Finding, ok, unknown, warning } from './finding.ts'

/** A sink that is up takes everything far sooner. */
const mostSeconds = 60

/**
 * @param path the spool's folder
 * @param isReadOnly what is there may be old: an agent that runs moves its spool into memory
 * @param nowMilliseconds since the epoch
 * @returns nothing without a spool
 */
export function checkAtRisk(
  path: string,
  isReadOnly: boolean,
  sinks: readonly SinkRoute[],
  nowMilliseconds: number,
): Finding[] {
  const check = 'at risk'
  const file = join(resolve(path), spoolFile)
  if (!existsSync(file)) return []
  if (isReadOnly)
    return [
      unknown(
        check,
        'the disk takes no writes, so only an agent that runs knows: its spool may be in memory',
      ),
    ]
  try {
    using db = new Database(file, { readOnly: true })
    const isTaken = (source: string) => sinks.some((sink) => sink.offNode && takes(sink, source))
    const { records, samples, bytes, oldestMilliseconds } = db.snapshot(() =>
      atRisk(db, metricsSource, isTaken),
    )
    if (oldestMilliseconds === undefined) return [ok(check, 'nothing: another machine has all that was read')]
    const seconds = Math.max(0, Math.round((nowMilliseconds - oldestMilliseconds) / 1000))
    const what = `${records} records and ${samples} samples, ${humanise(bytes, 'bytes')}`
    const saw = `${what}, are on this node alone, the oldest for ${humanise(seconds, 'seconds')}`
    return seconds < mostSeconds
      ? [ok(check, saw)]
      : [warning(check, saw, 'see which sink lags: docs/runbooks/RemoraAtRiskGrowing.md')]
  } catch (error) {
    return [unknown(check, `Cannot read spool "${file}": ${describe(error)}`)]
  }
}
