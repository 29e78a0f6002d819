/**
 * smartctl: what drives know of themselves, ATA, SCSI and NVMe, also behind RAID controllers, in smartctl_exporter's
 * metrics; changes of state, and the drives' own error and self-test logs, as events.
 * @see smartctl(8) of smartmontools 7.0 and later
 */

import { ParseError } from '../../src/errors.ts'
import {
  type CollectContext,
  type Collector,
  type Presence,
  type SourceBatch,
  withOptions,
} from '../../src/model.ts'
import { findTools, withTool } from '../../src/tool.ts'
import { smartctlEvents } from './events.ts'
import { devices as deviceCount, metrics } from './metrics.ts'
import { initialSeconds, options, settingsOf } from './options.ts'
import { type Awake, distinct, rememberedOf, roundSamples, roundStates } from './reading.ts'
import { batchOf } from './records.ts'
import { deviceKey } from './report.ts'
import { places, type Round } from './round.ts'
import { Rounds } from './rounds.ts'
import { parseVersion } from './scan.ts'

/** The first that prints JSON. */
const oldestMajor = 7

export const smartctl = smartctlCollector()

/**
 * A collector with its own memory of drives.
 * @param freshMilliseconds what was read this long ago serves metrics and logs alike
 * @param roundSeconds after this the drives that are left wait for the next round, so that those that hang or are slow
 *   do not hide the others
 */
export function smartctlCollector(freshMilliseconds = 60_000, roundSeconds = 500): Collector {
  const rounds = new Rounds(freshMilliseconds, roundSeconds)
  const awake: Awake = new Map()

  return withOptions({
    name: 'smartctl',
    metrics,
    events: smartctlEvents,
    schedule: '0 */15 * * * *',
    deadlineSeconds: 600,
    options,
    probe,
    async *collect(context) {
      const round = await rounds.take(context, settingsOf(context.options))
      if (round === undefined) throw new Error('Cannot run smartctl: it is no longer installed')
      for (const error of [...round.errors, ...round.unread.map(({ error }) => error)]) context.skip(error)
      yield { metric: deviceCount, value: round.devices, labels: {} }
      yield* roundSamples(round, awake)
      yield* roundStates(round, awake, context)
      for (const report of round.reports)
        if (report.asleep === undefined) awake.set(deviceKey(report.device), rememberedOf(report))
    },
    async *read(context) {
      const positions = new Map(context.positions)
      const seconds = initialSeconds(context.options)
      for (let done = 0; ; ) {
        const round = await rounds.take(context, settingsOf(context.options)).catch((error: unknown) => {
          context.signal.throwIfAborted()
          context.skip(error instanceof Error ? error : new Error(String(error)))
          return undefined
        })
        if (round !== undefined && round.number > done) {
          done = round.number
          for (const batch of batches(round, positions, seconds, context)) {
            yield batch
            for (const { stream, position } of batch.positions) positions.set(stream, position)
          }
        }
        await rounds.next(done, context.signal)
      }
    },
  })
}

/** A drive whose position cannot be understood is passed over. */
function* batches(
  { reports }: Round,
  positions: ReadonlyMap<string, string>,
  initialSeconds: number | undefined,
  { skip }: Pick<CollectContext, 'skip'>,
): Generator<SourceBatch> {
  const observed = BigInt(Date.now()) * 1_000_000n
  for (const report of distinct(reports.filter(({ asleep }) => asleep === undefined))) {
    try {
      const batch = batchOf(report, positions.get(report.key), initialSeconds, observed)
      if (batch !== undefined) yield batch
    } catch (error) {
      if (!(error instanceof ParseError)) throw error
      skip(error)
    }
  }
}

async function probe(context: CollectContext): Promise<Presence> {
  const [tool] = await findTools(places, context)
  if (tool === undefined)
    return { here: false, why: 'smartctl is not installed (package smartmontools, 7.0 or later)' }
  const { stdout } = await withTool(tool, context, ({ exec }) => exec(['--version'], { hangs: 'version' }))
  const version = parseVersion(stdout.toString('utf8'))
  if (version === undefined) return { here: false, why: `${tool.program} does not tell its version` }
  if (version[0] < oldestMajor)
    return {
      here: false,
      why: `${tool.program} is ${version.join('.')}, which prints no JSON: 7.0 is needed`,
    }
  return { here: true }
}
