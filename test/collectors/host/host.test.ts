import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { machine, tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { host, parseBootTime, parseLoadavg } from '../../../collectors/host/host.ts'
import { parseMeminfo } from '../../../collectors/host/meminfo.ts'
import { parsePressure } from '../../../collectors/host/pressure.ts'
import { ParseError } from '../../../src/errors.ts'
import { collectOnce, contextOf } from '../context.ts'

const fixtures = join(import.meta.dirname, '../../fixtures/host')

suite('host on a 6.18 storage node', () => {
  test('reads every series, each once, in its unit', async () => {
    const context = contextOf({ folder: join(fixtures, 'linux-6.18') })
    const { series } = await collectOnce(host, context)
    assert.deepEqual(context.skipped, [])
    const memory = [...series.keys()].filter((key) => key.startsWith('node_memory_'))
    assert.equal(memory.length, 58, 'all keys of the fixture but FutureKey')
    assert.equal(series.size, 58 + 3 + 2 + 2 + 6)
    assert.equal(series.get('node_memory_MemTotal_bytes'), 65842148 * 1024)
    assert.equal(series.get('node_memory_Active_anon_bytes'), 2210108 * 1024)
    assert.equal(series.get('node_memory_VmallocTotal_bytes'), 34359738367 * 1024)
    assert.equal(series.get('node_memory_HugePages_Total'), 16)
    assert.equal(series.get('node_memory_HardwareCorrupted_bytes'), 8192)
    assert.equal(series.get('node_load1'), 1.25)
    assert.equal(series.get('node_load5'), 0.75)
    assert.equal(series.get('node_load15'), 0.4)
    assert.equal(series.get('node_boot_time_seconds'), 1790000123)
    assert.equal(series.get('node_pressure_cpu_waiting_seconds_total'), 13.345688)
    assert.equal(series.get('node_pressure_io_waiting_seconds_total'), 3.5)
    assert.equal(series.get('node_pressure_io_stalled_seconds_total'), 3.25)
    assert.equal(series.get('node_pressure_memory_waiting_seconds_total'), 0.001)
    assert.equal(series.get('node_pressure_memory_stalled_seconds_total'), 0.0005)
    assert.equal(series.get('node_pressure_irq_stalled_seconds_total'), 0.000042)
    assert.ok(Math.abs((series.get('node_time_seconds') ?? 0) - Date.now() / 1000) < 60)
  })

  test('names the machine as uname and the firmware do', async () => {
    const { samples } = await collectOnce(host, contextOf({ folder: join(fixtures, 'linux-6.18') }))
    const labels = (name: string) => samples.find((sample) => sample.metric.name === name)?.labels
    assert.deepEqual(labels('node_uname_info'), {
      sysname: 'Linux',
      nodename: 'oss-17',
      release: '6.18.9-amd64',
      version: '#1 SMP PREEMPT_DYNAMIC Debian 6.18.9-1 (2026-10-02)',
      domainname: '(none)',
      machine: machine(),
    })
    const dmi = labels('node_dmi_info') ?? {}
    assert.equal(Object.keys(dmi).length, 19, 'every file but the empty chassis_asset_tag')
    assert.equal(dmi.system_vendor, 'Supermicro')
    assert.equal(dmi.product_uuid, '4c4c4544-0042-3510-8052-b4c04f4a3132')
    assert.equal(dmi.chassis_asset_tag, undefined)
  })
})

test('host on a 3.10 kernel has no pressure and no keys of later kernels', async () => {
  const context = contextOf({ folder: join(fixtures, 'linux-3.10') })
  const { series } = await collectOnce(host, context)
  assert.deepEqual(context.skipped, [])
  assert.equal([...series.keys()].filter((key) => key.startsWith('node_memory_')).length, 46)
  assert.equal([...series.keys()].filter((key) => key.startsWith('node_pressure_')).length, 0)
  assert.equal(series.has('node_memory_KReclaimable_bytes'), false)
  assert.equal(series.size, 46 + 3 + 2 + 2)
})

test('host yields only declared metrics with declared labels', async () => {
  const declared = new Set(host.metrics)
  assert.equal(declared.size, 70 + 3 + 2 + 2 + 6)
  assert.equal(new Set(host.metrics.map(({ name }) => name)).size, declared.size)
  let checked = 0
  for (const folder of ['linux-6.18', 'linux-3.10']) {
    const { samples } = await collectOnce(host, contextOf({ folder: join(fixtures, folder) }))
    for (const { metric, labels } of samples) {
      assert.ok(declared.has(metric), metric.name)
      for (const label of Object.keys(labels))
        assert.ok(metric.labels.includes(label), `${metric.name}: ${label}`)
      checked++
    }
  }
  assert.equal(checked, 71 + 53)
})

test('host skips a file it cannot parse and reads the others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-host-'))
  try {
    await cp(join(fixtures, 'linux-6.18'), folder, { recursive: true, verbatimSymlinks: true })
    await writeFile(join(folder, 'proc/meminfo'), 'MemTotal: many kB\n')
    await writeFile(join(folder, 'proc/loadavg'), 'busy\n')
    await writeFile(join(folder, 'proc/pressure/io'), 'some\n')
    const context = contextOf({ folder })
    const { series } = await collectOnce(host, context)
    assert.deepEqual(
      context.skipped.map((error) => error.message),
      [
        'Cannot parse meminfo line "MemTotal: many kB": not of the form "Key: 1 kB"',
        'Cannot parse loadavg "busy": not three numbers',
        'Cannot parse pressure line "some": no total',
      ],
    )
    assert.deepEqual(
      [...series.keys()].map((key) => key.replace(/\{.*/, '')),
      [
        'node_boot_time_seconds',
        'node_time_seconds',
        'node_uname_info',
        'node_dmi_info',
        'node_pressure_cpu_waiting_seconds_total',
      ],
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('host is absent where /proc/meminfo is', async () => {
  const context = contextOf({ folder: join(fixtures, 'nowhere') })
  assert.deepEqual(await host.probe?.(context), { here: false, why: 'no /proc/meminfo' })
  assert.deepEqual(await host.probe?.(contextOf()), { here: true })
})

test('host parsers refuse what has another shape', () => {
  const refused = [
    () => parseMeminfo(''),
    () => parseMeminfo('MemTotal: 5 MB\n'),
    () => parseMeminfo('OnlyUnknown: 5 kB\n'),
    () => parseLoadavg('0.1 0.2'),
    () => parseBootTime('cpu 1 2 3\n'),
    () => parsePressure('some avg10=0.00 total=-1\n'),
  ]
  for (const parse of refused) assert.throws(parse, ParseError)
})

test('host takes nothing from a file that holds no measurement, and quotes little of it', () => {
  for (const text of [
    '',
    ' \n',
    '-1 -1 -1\n',
    `${'9'.repeat(400)} 0.00 0.00\n`,
    '0x1 1e3 Infinity\n',
    '0.01 0.02',
  ])
    assert.throws(() => parseLoadavg(text), { name: 'ParseError', message: /: not three numbers$/ })
  assert.throws(
    () => parseMeminfo(`MemTotal: ${'9'.repeat(5000)} kB\n`),
    (error: Error) => {
      assert.equal(error.name, 'ParseError')
      assert.match(
        error.message,
        /^Cannot parse meminfo line "MemTotal: 9+ … 9+ kB": not of the form "Key: 1 kB"$/,
      )
      return error.message.length < 310
    },
  )
})
