/** host beside the real node_exporter on this machine: whatever it says under our names, we say too. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { host } from '../../../collectors/host/host.ts'
import { nodeExporter } from '../../node-exporter.ts'
import { collectOnce, contextOf } from '../context.ts'

const ours = /^node_(memory_|load|boot_time_seconds|time_seconds|uname_info|dmi_info|pressure_)/
/** Values that cannot move between the two readings, or only by a rounding. */
const still =
  /^node_(memory_(MemTotal|SwapTotal|CommitLimit|VmallocTotal|Hugepagesize|HugePages_Total)|boot_time|uname|dmi)/

test('host emits every series the real node_exporter emits under its names', async () => {
  const names = ['meminfo', 'loadavg', 'uname', 'dmi', 'pressure', 'stat', 'time']
  const { version, series: theirs } = await nodeExporter(names)
  const { series } = await collectOnce(host, contextOf())
  const common = [...theirs.keys()].filter((key) => ours.test(key))
  const missing = common.filter((key) => !series.has(key))
  const more = [...series.keys()].filter((key) => !theirs.has(key))
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
})
