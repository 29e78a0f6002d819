/** Every capture of nvme-cli and of NVMe in sysfs, each with what it says: read from the file by eye. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { parseList, parseSmartLog } from '../../../collectors/nvme/cli.ts'
import * as metrics from '../../../collectors/nvme/metrics.ts'
import { controllerSamples, readController } from '../../../collectors/nvme/sysfs.ts'
import { seriesKey } from '../../../src/model.ts'
import { tree } from '../../../src/tree.ts'
import { checkCaptures } from '../../captures.ts'

const seagate = (name: string, serial: string) => ({
  name,
  model: 'Seagate FireCuda 530 ZP4000GM30023',
  firmware: 'SU6SM001',
  serial,
  sectorBytes: 512,
  sizeBytes: 4000787030016,
  usedBytes: 4000787030016,
})

async function smartLog(path: string): Promise<void> {
  const log = parseSmartLog('nvme smart-log', await readFile(path))
  assert.deepEqual(
    [...log].map(([{ name }, value]) => [name.replace(/^nvme_/, ''), value]),
    [
      ['available_spare_ratio', 1],
      ['available_spare_threshold_ratio', 0.05],
      ['percentage_used_ratio', 0.02],
      ['critical_warning', 0],
      ['controller_busy_time_seconds_total', 8284 * 60],
      ['data_units_read_total', 9898518],
      ['data_units_written_total', 136157684],
      ['host_read_commands_total', 313528805],
      ['host_write_commands_total', 1928062610],
      ['media_errors_total', 0],
      ['num_err_log_entries_total', 110],
      ['power_cycles_total', 64],
      ['power_on_hours_total', 4974],
      ['unsafe_shutdowns_total', 39],
      ['temperature_celsius', 37],
    ],
  )
}

checkCaptures('smart/nvme-cli', {
  'list-empty.json': async (path) => assert.deepEqual(parseList(await readFile(path)), []),
  'v2.3_list.json': async (path) =>
    assert.deepEqual(parseList(await readFile(path)), [
      seagate('nvme0n1', 'XXX00YYY'),
      seagate('nvme1n1', 'XXX01YYY'),
    ]),
  'v2.3_smart-log-string.json': smartLog,
  'v2.3_smart-log.json': smartLog,
})

checkCaptures('smart/nvme-sysfs', {
  'procfs-nvme0': async (path) => {
    // The capture is one controller; the collector looks for it in class/nvme.
    const sys = tree(dirname(path))
    const captured = {
      ...sys,
      line: (file: string) => sys.line(inside(file)),
      list: (file: string) => sys.list(inside(file)),
    }
    const controller = await readController(captured, 'nvme0', assert.ifError)
    assert.ok(controller)
    assert.deepEqual(
      [...controllerSamples(controller)].map(({ metric, labels, value }) => [
        seriesKey(metric.name, labels),
        value,
      ]),
      [
        [
          'node_nvme_info{cntlid="1997",device="nvme0",firmware_revision="1B2QEXP7",model="Samsung SSD 970 PRO 512GB",serial="S680HF8N190894I",state="live"}',
          1,
        ],
        ['node_nvme_namespace_info{ana_state="optimized",device="nvme0",nsid="0"}', 1],
        ['node_nvme_namespace_capacity_bytes{device="nvme0",nsid="0"}', 2e12],
        ['node_nvme_namespace_size_bytes{device="nvme0",nsid="0"}', 2e12],
        ['node_nvme_namespace_used_bytes{device="nvme0",nsid="0"}', 2e12],
        ['node_nvme_namespace_logical_block_size_bytes{device="nvme0",nsid="0"}', 4096],
      ],
    )
  },
})

function inside(path: string): string {
  return path.replace(/^class\/nvme\/nvme0/, 'procfs-nvme0')
}

const lab = join(
  process.env.REMORA_CAPTURES ?? join(import.meta.dirname, '../../../../shared/captures'),
  'lab',
)

test('nvme of the virtual machine is read out of the notes of its tools', async (t) => {
  if (!existsSync(lab)) return t.diagnostic('no captures here: 0 of nvme in lab checked')
  const text = await readFile(join(lab, 'nvme.txt'), 'utf8')
  // The file has outputs one after the other: the JSON ones are a list, a SMART log and an identify.
  const [list = '', log = ''] = text.match(/^\{\n[\s\S]*?^\}$/gm) ?? []
  assert.deepEqual(parseList(list), [
    {
      name: 'nvme0n1',
      model: 'QEMU NVMe Ctrl',
      firmware: '7.2.22',
      serial: 'NVME0001',
      sectorBytes: 512,
      sizeBytes: 536870912,
      usedBytes: 536870912,
    },
  ])
  const values = parseSmartLog('nvme smart-log', log)
  assert.equal(values.get(metrics.temperature), 50)
  assert.equal(values.get(metrics.dataUnitsRead), 5)
  assert.equal(values.get(metrics.readCommands), 104)
  assert.equal(values.get(metrics.availableSpare), 0)
  assert.equal(values.size, 15)
  console.log('lab: 1 capture of nvme checked')
})
