/** Real trees of sysfs, and what a laboratory's Soft-RoCE port says. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { infiniband } from '../../../collectors/infiniband/infiniband.ts'
import { type CaptureRow, checkCaptures } from '../../captures.ts'
import { collectOnce, contextOf } from '../context.ts'

interface Row {
  /** All series, and those of `hw_counters` among them. */
  readonly series: number
  readonly hardware: number
  readonly info: string
  /** By port. */
  readonly states: readonly string[]
  /** Received and sent bytes of each port. */
  readonly bytes: readonly (readonly [number, number])[]
  readonly saturated: readonly string[]
}

function hca(row: Row): CaptureRow {
  return async (path) => {
    const folder = await mkdtemp(join(tmpdir(), 'remora-ib-'))
    try {
      await cp(path, join(folder, 'sys/class/infiniband/hca'), { recursive: true })
      const context = contextOf({ folder })
      const { series, states, samples } = await collectOnce(infiniband, context)
      assert.deepEqual(context.skipped, [])
      assert.equal(series.size, row.series)
      assert.equal(
        samples.filter(({ metric }) => metric.source.startsWith('hw_counters/')).length,
        row.hardware,
      )
      assert.ok(series.has(`node_infiniband_info{${row.info}}`), String([...series.keys()][0]))
      assert.deepEqual(
        states.map(({ state }) => state),
        row.states,
      )
      const data = (way: string, port: number) =>
        series.get(`node_infiniband_port_data_${way}_bytes_total{device="hca",port="${port}"}`)
      assert.deepEqual(
        row.bytes.map((_, index) => [data('received', index + 1), data('transmitted', index + 1)]),
        row.bytes,
      )
      assert.deepEqual(
        [...series].flatMap(([key, value]) => {
          const [, counter] = /^node_infiniband_saturated\{counter="(\w+)"/.exec(key) ?? []
          return counter !== undefined && value === 1 ? [counter] : []
        }),
        row.saturated,
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  }
}

checkCaptures('infiniband/sysfs', {
  'gpud-h100-mlx5_0': hca({
    series: 1 + 8 + 21 + 17 + 26,
    hardware: 26,
    info: 'board_id="MT_0000000838",device="hca",firmware_version="28.41.1000",hca_type="MT4129"',
    states: ['active', '400-gbit-4x'],
    bytes: [[230539874932483 * 4, 230442669431839 * 4]],
    saturated: ['excessive_buffer_overrun_errors'],
  }),
  'procfs-hfi1_0': hca({
    series: 1 + 8 + 17 + 17,
    hardware: 0,
    info: 'board_id="HPE 100Gb 1-port OP101 QSFP28 x16 PCIe Gen3 with Intel Omni-Path Adapter",device="hca",firmware_version="1.27.0",hca_type=""',
    states: ['active', '100-gbit-4x'],
    bytes: [[345091702026 * 4, 273558326543 * 4]],
    saturated: [],
  }),
  'procfs-mlx4_0': hca({
    series: 1 + 2 * (8 + 17 + 17),
    hardware: 0,
    info: 'board_id="SM_1141000001000",device="hca",firmware_version="2.31.5050",hca_type="MT4099"',
    states: ['active', '40-gbit-4x', 'active', '40-gbit-4x'],
    bytes: [
      [2221223609 * 4, 26509113295 * 4],
      [2460436784 * 4, 26540356890 * 4],
    ],
    saturated: [],
  }),
})

const lab = join(
  process.env.REMORA_CAPTURES ?? join(import.meta.dirname, '../../../../shared/captures'),
  'lab',
)

test("captures of the laboratory's Soft-RoCE port are read: before traffic and after", async (t) => {
  if (!existsSync(lab)) return t.diagnostic('no captures here: lab not checked')
  const folder = await temporary(t)
  const hca = join(folder, 'sys/class/infiniband/rxe0')
  const put = async (path: string, value: string) => {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `${value}\n`)
  }
  const packets = async () => {
    const context = contextOf({ folder })
    const { series } = await collectOnce(infiniband, context)
    assert.deepEqual(context.skipped, [])
    const count = (name: string) =>
      series.get(`node_infiniband_hw_events_total{counter="${name}",device="rxe0",port="1"}`)
    return [series.size, count('sent_pkts'), count('rcvd_pkts')]
  }
  for (const [, path = '', value = ''] of (await readFile(join(lab, 'ib.txt'), 'utf8')).matchAll(
    /^\.\/((?:ports\/1|node|fw)[\w/]*): (.*)$/gm,
  ))
    await put(join(hca, path), value)
  assert.deepEqual(await packets(), [25, 0, 0])
  for (const [, path = '', value = ''] of (await readFile(join(lab, 'rxe-traffic.txt'), 'utf8')).matchAll(
    /^\/sys\/class\/infiniband\/rxe0\/([\w/]+):(.*)$/gm,
  ))
    await put(join(hca, path), value)
  assert.deepEqual(await packets(), [25, 2500, 2500])
  console.log('lab/ib.txt, lab/rxe-traffic.txt: 2 captures checked')
})

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-ib-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}
