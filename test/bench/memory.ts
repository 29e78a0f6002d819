/**
 * The memory bench: a storm with every sink dead. The shipped bundle, with a spool that the storm fills, in a control group
 * of 160 MB, is given a journal all at once, faster than 50,000 entries a second are written anywhere; no sink answers.
 * It has to read until the spool is full, pause, and stay alive; then the sinks come back and everything must arrive at both.
 * Prints a table, the last line is one JSON object. `--entries 400000`, `--spool-mb 8`, `--limit-mb 160`. Without the right to make a
 * control group the peak is measured all the same.
 */
import { once } from 'node:events'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { makeJournal } from './entries.ts'
import { startForwarding } from './forwarding.ts'
import { memoryGroup } from './memory-group.ts'
import { memoryOf } from './process.ts'

const { values: options } = parseArgs({
  options: {
    entries: { type: 'string', default: '400000' },
    'spool-mb': { type: 'string', default: '8' },
    'limit-mb': { type: 'string', default: '160' },
  },
})
const entries = Number(options.entries)
const limitMB = Number(options['limit-mb'])
const stopping = new AbortController()
const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(400_000)])
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort())

/** Dead until it is told otherwise. */
let isDead = true
const server = createServer((request, response) => {
  if (isDead) request.socket.destroy()
  else request.on('end', () => response.writeHead(request.url === '/upload' ? 202 : 204).end()).resume()
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const port = typeof address === 'object' ? address?.port : 0

const folder = await mkdtemp(join(tmpdir(), 'remora-memory-'))
const group = memoryGroup(limitMB << 20)
try {
  const made = await makeJournal(join(folder, 'made'), entries, signal)
  const root = join(folder, 'root')
  await mkdir(join(root, 'var/log/journal'), { recursive: true })
  const retry = { first_seconds: 0.2, most_seconds: 1 }
  const sink = { type: 'loki', url: `http://127.0.0.1:${port}/loki/api/v1/push`, keep: 'all', retry }
  const journals = { type: 'journal-remote', url: `http://127.0.0.1:${port}/upload`, keep: 'all', retry }
  let figures: object
  {
    await using forwarding = await startForwarding(
      folder,
      root,
      sink,
      signal,
      {},
      {
        spool: { max_bytes: Number(options['spool-mb']) << 20 },
        launcher: group?.launcher ?? [],
        moreSinks: { journals },
      },
    )
    const idle = memoryOf(forwarding.pid)
    const begun = performance.now()
    await rename(made.path, join(root, 'var/log/journal', made.name))
    let readBefore = -1
    let calm = 0
    // Full, and nothing more is read: or all of it is in.
    for (let read = 0; calm < 3 && read < entries; await sleep(1000, undefined, { signal })) {
      forwarding.look()
      read = await forwarding.sum('remora_records_read_total')
      calm = read > 0 && read === readBefore ? calm + 1 : 0
      readBefore = read
    }
    const stormSeconds = (performance.now() - begun) / 1000
    const read = await forwarding.sum('remora_records_read_total')
    const held = await forwarding.sum('remora_records_held')
    const paused = await forwarding.sum('remora_source_paused')
    const storm = { ...forwarding.peak(), groupMB: group?.peakMegabytes() }
    isDead = false
    await forwarding.reached('remora_records_acknowledged_total', 2 * entries)
    const lost = await forwarding.sum('remora_records_lost_total')
    const missed = await forwarding.sum('remora_records_missed_total')
    figures = {
      idleRssMB: idle.rssMB,
      stormSeconds: Math.round(stormSeconds),
      read,
      held,
      paused,
      stormPeakRssMB: storm.peakRssMB,
      stormPeakAnonMB: storm.peakAnonMB,
      stormGroupMB: storm.groupMB,
      wholePeakRssMB: forwarding.peak().peakRssMB,
      wholePeakAnonMB: forwarding.peak().peakAnonMB,
      lost,
      missed,
      oomKills: group?.kills() ?? 0,
    }
  }
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(20)}${value}`)
  console.log(JSON.stringify({ bench: 'memory', entries, limitMB: group ? limitMB : null, ...figures }))
} finally {
  server.closeAllConnections()
  server.close()
  group?.[Symbol.dispose]()
  await rm(folder, { recursive: true, force: true })
}
