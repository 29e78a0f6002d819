/** host beside the real node_exporter on this machine: whatever it says under our names, we say too. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { host } from '../../../collectors/host/host.ts'
import { seriesKey } from '../../../src/model.ts'
import { collectOnce, contextOf } from '../context.ts'

const ours = /^node_(memory_|load|boot_time_seconds|time_seconds|uname_info|dmi_info|pressure_)/
/** Values that cannot move between the two readings, or only by a rounding. */
const still =
  /^node_(memory_(MemTotal|SwapTotal|CommitLimit|VmallocTotal|Hugepagesize|HugePages_Total)|boot_time|uname|dmi)/

test('host emits every series the real node_exporter emits under its names', {
  timeout: 60_000,
}, async () => {
  const port = await freePort()
  const names = ['meminfo', 'loadavg', 'uname', 'dmi', 'pressure', 'stat', 'time']
  const exporter = spawn(
    'prometheus-node-exporter',
    [
      `--web.listen-address=127.0.0.1:${port}`,
      '--collector.disable-defaults',
      ...names.map((name) => `--collector.${name}`),
    ],
    { stdio: 'ignore' },
  )
  try {
    const text = await scrape(exporter, port)
    const { series } = await collectOnce(host, contextOf())
    const theirs = parse(text)
    const common = [...theirs.keys()].filter((key) => ours.test(key))
    const missing = common.filter((key) => !series.has(key))
    const more = [...series.keys()].filter((key) => !theirs.has(key))
    const version = /node_exporter_build_info\{.*version="([^"]+)"/.exec(text)?.[1]
    console.log(
      `node_exporter ${version}: ${common.length} series compared, ours alone: ${more.join(' ') || 'none'}`,
    )
    assert.ok(common.length >= 50, `${common.length} series`)
    assert.deepEqual(missing, [])
    const same = common.filter((key) => still.test(key))
    assert.ok(same.length >= 8, `${same.length} values`)
    for (const key of same) assert.equal(series.get(key), theirs.get(key), key)
    for (const key of common.filter((name) => name.startsWith('node_pressure_')))
      assert.ok(Math.abs((series.get(key) ?? 0) - (theirs.get(key) ?? 0)) < 30, key)
  } finally {
    exporter.kill()
    if (exporter.exitCode === null && exporter.signalCode === null) await once(exporter, 'exit')
  }
})

async function scrape(exporter: ChildProcess, port: number): Promise<string> {
  for (let tries = 0; tries < 200 && exporter.exitCode === null; tries++) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    } catch {
      await sleep(50)
    }
  }
  throw new Error(`Cannot scrape node_exporter on port ${port}: exit code ${exporter.exitCode}`)
}

/** Values by `seriesKey`: exposition labels are quoted as JSON is. */
function parse(text: string): Map<string, number> {
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (!match) continue
    const labels: Record<string, string> = {}
    for (const [, label, value] of (match[2] ?? '').matchAll(/(\w+)=("(?:[^"\\]|\\.)*")/g))
      labels[label ?? ''] = String(JSON.parse(value ?? '""'))
    values.set(seriesKey(match[1] ?? '', labels), Number(match[3]))
  }
  return values
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('Cannot find a free port')
  return address.port
}
