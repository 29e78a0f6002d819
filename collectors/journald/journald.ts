/**
 * journald: every entry of this machine's journals, system and user, volatile and persistent, of all namespaces and
 * boots, read out of its files, or through journalctl. Nothing of what others sent to systemd-journal-remote is read.
 * @see journalctl(1), systemd-journald.service(8)
 */
import * as z from 'zod'
import { type CollectContext, counter, gauge, withOptions } from '../../src/model.ts'
import { journalFiles, journalFolders } from './files.ts'
import { withoutKmsgs } from './kernel.ts'
import { streamOf } from './position.ts'
import { probe } from './probe.ts'
import { type Progress, startIn, startOf } from './progress.ts'
import { readJournals } from './reader.ts'
import { shaping } from './shape.ts'
import { initialPattern } from './start.ts'

const files = gauge('node_journald_files', 'none', '*.journal', 'Journal files that hold an entry.', [
  'namespace',
])
const size = gauge('node_journald_size_bytes', 'bytes', '*.journal', 'What the journal files take.', [
  'namespace',
])
const oldest = gauge(
  'node_journald_oldest_entry_timestamp_seconds',
  'timestamp_seconds',
  'head_entry_realtime',
  'When the oldest entry that is still there was written.',
  ['namespace'],
)
const newest = gauge(
  'node_journald_newest_entry_timestamp_seconds',
  'timestamp_seconds',
  'tail_entry_realtime',
  'When the newest entry was written.',
  ['namespace'],
)
const position = gauge(
  'node_journald_position_timestamp_seconds',
  'timestamp_seconds',
  '__REALTIME_TIMESTAMP',
  'When the last entry taken was written; where nothing is read, the first that would be.',
  ['namespace'],
)
const behind = gauge(
  'node_journald_behind_entries',
  'none',
  'tail_entry_seqnum',
  'Entries in the journal that are not taken, at most: one that cannot be read stays among them for a while.',
  ['namespace'],
)
const droppedFields = counter(
  'node_journald_fields_dropped_total',
  'none',
  'fields.drop',
  'Fields of journal entries left out by configuration since the agent began.',
)

export const options = z.strictObject({
  reader: z
    .enum(['direct', 'journalctl'])
    .default('direct')
    .describe(
      'How the journal is read: `direct` reads its files, `journalctl` what that prints. Both go on where the other was.',
    ),
  initial: z
    .string()
    .regex(initialPattern)
    .meta({ expected: '"previous-boot", "all", or a duration such as "12h" (s, m, h, d)' })
    .default('previous-boot')
    .describe(
      'Where reading begins without a position: `previous-boot`, `all`, or a duration such as `12h`.',
    ),
  field_bytes: z
    .int()
    .min(1024)
    .max(64 << 20)
    .default(2 << 20)
    .describe(
      'The most bytes of one field; of a longer one the beginning is kept, and REMORA_CUT says how long it was.',
    ),
  rejoin_lines: z
    .boolean()
    .default(false)
    .describe('Makes one record of a line that journald has split, when its parts come within a second.'),
  ...shaping,
})

/** journalctl is needed where it is asked for. */
function presenceOf(context: CollectContext<z.output<typeof options>>) {
  return probe(context, context.options.reader === 'journalctl')
}

let dropped = 0
const progress = new Map<string, Progress>()

export const journald = withOptions({
  name: 'journald',
  metrics: [files, size, oldest, newest, position, behind, droppedFields],
  schedule: '*/30 * * * * *',
  options,
  probe: presenceOf,
  async *collect(context) {
    const { host } = context
    const folders = await journalFolders(host)
    for (const name of new Set(folders.map(({ namespace }) => namespace))) {
      const own = folders.filter(({ namespace }) => namespace === name)
      const found = await journalFiles(host, own)
      const labels = { namespace: streamOf(name) }
      yield { metric: files, value: found.length, labels }
      yield { metric: size, value: found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), labels }
      if (found.length === 0) continue
      const heads = found.map(({ headMicroseconds }) => headMicroseconds)
      const tails = found.map(({ tailMicroseconds }) => tailMicroseconds)
      yield { metric: oldest, value: Math.min(...heads) / 1e6, labels }
      yield { metric: newest, value: Math.max(...tails) / 1e6, labels }
      const { initial, reader } = context.options
      const start = () =>
        reader === 'direct' ? startIn(name, initial, host) : startOf(initial, own, found, context)
      const at = progress.get(name) ?? (await start())
      if (!at) continue
      yield { metric: position, value: at.cursor.realtimeMicroseconds / 1e6, labels }
      yield { metric: behind, value: at.behind(found), labels }
    }
    yield { metric: droppedFields, value: dropped, labels: {} }
  },
  async *read(context) {
    const presence = await presenceOf(context)
    if (!presence.here && presence.mended) throw new Error(`Cannot read the journal: ${presence.why}`)
    try {
      const told = {
        progress,
        dropped: () => {
          dropped += 1
        },
      }
      yield* withoutKmsgs(readJournals(context, told), context)
    } finally {
      progress.clear()
    }
  },
})
