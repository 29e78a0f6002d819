/**
 * journald: every entry of this machine's journals, system and user, volatile and persistent, of all namespaces and
 * boots, read through journalctl. Nothing of what others sent to systemd-journal-remote is read.
 * @see journalctl(1), systemd-journald.service(8)
 */
import { access, constants } from 'node:fs/promises'
import * as z from 'zod'
import { type CollectContext, counter, gauge, type Presence, withOptions } from '../../src/model.ts'
import { journalFiles, journalFolders } from './files.ts'
import { streamOf } from './position.ts'
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
const droppedFields = counter(
  'node_journald_fields_dropped_total',
  'none',
  'fields.drop',
  'Fields of journal entries left out by configuration since the agent began.',
)

export const options = z.strictObject({
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
  ...shaping,
})

let dropped = 0

export const journald = withOptions({
  name: 'journald',
  metrics: [files, size, oldest, newest, droppedFields],
  schedule: '*/30 * * * * *',
  options,
  probe,
  async *collect({ host }) {
    const folders = await journalFolders(host)
    for (const name of new Set(folders.map(({ namespace }) => namespace))) {
      const found = await journalFiles(
        host,
        folders.filter(({ namespace }) => namespace === name),
      )
      const labels = { namespace: streamOf(name) }
      yield { metric: files, value: found.length, labels }
      yield { metric: size, value: found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), labels }
      if (found.length === 0) continue
      const seconds = (microseconds: number[], pick: (...all: number[]) => number) =>
        pick(...microseconds) / 1e6
      yield {
        metric: oldest,
        value: seconds(
          found.map(({ headMicroseconds }) => headMicroseconds),
          Math.min,
        ),
        labels,
      }
      yield {
        metric: newest,
        value: seconds(
          found.map(({ tailMicroseconds }) => tailMicroseconds),
          Math.max,
        ),
        labels,
      }
    }
    yield { metric: droppedFields, value: dropped, labels: {} }
  },
  read: (context) =>
    readJournals(context, () => {
      dropped += 1
    }),
})

async function probe({ host, run, signal }: CollectContext): Promise<Presence> {
  const version = await run({ program: 'journalctl', args: ['--version'], signal }).catch(() => undefined)
  if (version?.exitCode !== 0)
    return { here: false, why: 'there is no journalctl; `apt-get install systemd` (or the like) brings it' }
  const present = (await host.exists('run/log/journal')) || (await host.exists('var/log/journal'))
  if (!present)
    return {
      here: false,
      why: 'no journal: neither /run/log/journal nor /var/log/journal is there; `systemctl start systemd-journald`',
    }
  return forbidden(host).then((path) =>
    path === undefined
      ? { here: true }
      : {
          here: false,
          why: `no permission to read ${path}; run as root, or \`usermod -aG systemd-journal USER\``,
        },
  )
}

/** @returns the first folder or file that this process may not read */
async function forbidden(host: CollectContext['host']): Promise<string | undefined> {
  const denied = (path: string) =>
    access(path, constants.R_OK).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === 'EACCES' || error.code === 'EPERM',
    )
  for (const root of ['run/log/journal', 'var/log/journal']) {
    const path = host.resolve(root)
    if (await denied(path)) return path
    for (const name of await host.list(root)) {
      const folder = host.resolve(`${root}/${name}`)
      if (/^[0-9a-f]{32}/.test(name) && (await denied(folder))) return folder
    }
  }
  return undefined
}
