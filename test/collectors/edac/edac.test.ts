import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { edac } from '../../../collectors/edac/edac.ts'
import { labelOf, parseCount, parseInterrupts } from '../../../collectors/edac/values.ts'
import { ParseError } from '../../../src/errors.ts'
import { binaryText } from '../../binary-text.ts'
import { checkCaptures } from '../../captures.ts'
import { collectOnce, contextOf } from '../context.ts'

const fixture = join(import.meta.dirname, '../../fixtures/edac/linux-6.1')
const mc = 'sys/devices/system/edac/mc'

test('edac counts by controller, row, channel and DIMM, failed pages, and machine checks', async () => {
  const context = contextOf({ folder: fixture })
  const { series } = await collectOnce(edac, context)
  assert.deepEqual(context.skipped, [])
  assert.equal(series.size, 38)
  const values: Readonly<Record<string, number>> = {
    'node_edac_correctable_errors_total{controller="0"}': 14,
    'node_edac_uncorrectable_errors_total{controller="1"}': 2,
    'node_edac_csrow_correctable_errors_total{controller="0",csrow="unknown"}': 2,
    'node_edac_csrow_uncorrectable_errors_total{controller="0",csrow="0"}': 1,
    'node_edac_channel_correctable_errors_total{channel="0",controller="1",csrow="2",dimm_label="mc1_csrow2_channel0"}': 3,
    'node_edac_channel_uncorrectable_errors_total{channel="1",controller="1",csrow="2",dimm_label="unknown"}': 2,
    'node_edac_dimm_correctable_errors_total{controller="0",dimm="dimm0",dimm_label="CPU_SrcID0_MC0_Chan0_DIMM0"}': 12,
    'node_edac_dimm_size_bytes{controller="0",dimm="dimm3",dimm_label="CPU_SrcID0_MC0_Chan1_DIMM0"}': 2 ** 35,
    'node_edac_dimm_info{controller="0",device_type="x4",dimm="dimm0",dimm_label="CPU_SrcID0_MC0_Chan0_DIMM0",edac_mode="S4ECD4ED",location="channel 0 slot 0",memory_type="Registered-DDR4"}': 1,
    'node_edac_controller_info{controller="1",name="F15h"}': 1,
    'node_memory_failure_pages_total{node="0",result="failed"}': 2,
    'node_machine_checks_total{kind="exception"}': 1,
    'node_machine_checks_total{kind="threshold"}': 12,
  }
  for (const [key, value] of Object.entries(values)) assert.equal(series.get(key), value, key)
})

test('edac tells each error once, of the DIMM where DIMMs are told, of the row and channel elsewhere', async () => {
  const { states } = await collectOnce(edac, contextOf({ folder: fixture }))
  assert.equal(states.length, 14)
  assert.deepEqual(
    states
      .filter(({ healthy }) => !healthy)
      .map(({ part, state, severity }) => `${part} ${state} ${severity}`),
    [
      'edac:mc0:unknown:corrected 2 13',
      'edac:mc0:dimm0:corrected 12 13',
      'edac:mc0:dimm0:uncorrected 1 17',
      'edac:mc1:csrow2:uncorrected 2 17',
      'edac:mc1:csrow2:ch0:corrected 3 13',
      'edac:memory_failure:node0 3 17',
      'edac:machine_checks:exception 1 17',
    ],
  )
  assert.equal(
    states.find(({ part }) => part === 'edac:mc0:dimm0:corrected')?.body,
    'Memory CPU_SrcID0_MC0_Chan0_DIMM0 (mc0 dimm0, channel 0 slot 0) has 12 corrected errors',
  )
})

test('edac leaves out the file that cannot be read and reads all others', async (t) => {
  const folder = await copyOf(t)
  await writeFile(join(folder, mc, 'mc0/ce_count'), '-1\n')
  await rm(join(folder, mc, 'mc0/csrow0/ue_count'))
  await rm(join(folder, mc, 'mc0/ue_count'))
  await symlink('/proc/self/mem', join(folder, mc, 'mc0/ue_count')) // Reads as EIO.
  await writeFile(join(folder, 'proc/interrupts'), ' MCE: many\n')
  const context = contextOf({ folder })
  const { series } = await collectOnce(edac, context)
  assert.equal(series.size, 38 - 3 - 3)
  assert.deepEqual(
    context.skipped.map(({ message }) => message.replace(/^Cannot read "(?:.*edac\/)?(.*?)".*/, '$1')),
    ['mc/mc0/ce_count', 'mc/mc0/ue_count', 'interrupts'],
  )
})

test('edac is absent where nothing counts memory errors, and here for machine checks alone', async (t) => {
  const nowhere = await edac.probe?.(contextOf({ folder: '/nonexistent' }))
  assert.equal(nowhere?.here, false)
  const folder = await copyOf(t)
  await rm(join(folder, 'sys'), { recursive: true })
  assert.deepEqual(await edac.probe?.(contextOf({ folder })), { here: true })
  const { series } = await collectOnce(edac, contextOf({ folder }))
  assert.equal(series.size, 3)
})

test('a label of a DIMM is written as node_exporter writes it', () => {
  assert.equal(labelOf('mc#0csrow#1channel#0'), 'mc0_csrow1_channel0')
  assert.equal(labelOf('CPU_SrcID#1_MC#0_Chan#2_DIMM#1'), 'CPU_SrcID1_MC0_Chan2_DIMM1')
  assert.equal(labelOf(undefined), 'unknown')
})

test('interrupts are summed over all CPUs of a large machine', () => {
  const row = ` MCE: ${' 2'.repeat(512)}   Machine check exceptions\n`
  assert.deepEqual(parseInterrupts(row), new Map([['exception', 1024]]))
  assert.deepEqual(parseInterrupts('  0: 4 IO-APIC\nERR: 0\n'), new Map())
})

test('edac parsers throw nothing but ParseError, and give whole numbers, whatever the text', () => {
  const parsers: ((text: string) => number)[] = [
    parseCount,
    (text) => Math.min(0, ...parseInterrupts(text).values()),
    (text) => labelOf(text).length,
  ]
  const pieces = fc.constantFrom(' MCE: 1 2 x\n', 'THR:', ' DFR: -1\n', '12', '\n', ' ', '9999999999999')
  const lines = fc.array(fc.oneof(pieces, binaryText(8)), { maxLength: 12 }).map((all) => all.join(''))
  fc.assert(
    fc.property(fc.oneof(lines, binaryText()), (text) => {
      for (const parse of parsers)
        try {
          assert.ok(Number.isInteger(parse(text)) && parse(text) >= 0)
        } catch (error) {
          assert.ok(error instanceof ParseError, String(error))
        }
    }),
    { numRuns: 300 },
  )
})

checkCaptures('edac/sysfs', {
  'node_exporter-mc': async (path) => {
    const folder = await mkdtemp(join(tmpdir(), 'remora-edac-'))
    try {
      await cp(path, join(folder, mc), { recursive: true })
      const context = contextOf({ folder })
      const { series, states } = await collectOnce(edac, context)
      assert.deepEqual(context.skipped, [])
      // Of the controller 2, without a row 2, of three rows 2 each, of their channels 6 corrected and 4 uncorrected.
      assert.equal(series.size, 20)
      const count = (name: string, labels: string) => series.get(`node_edac_${name}_total{${labels}}`)
      assert.deepEqual(
        ['0', '1', '2', 'unknown'].map((csrow) => [
          count('csrow_correctable_errors', `controller="0",csrow="${csrow}"`),
          count('csrow_uncorrectable_errors', `controller="0",csrow="${csrow}"`),
        ]),
        [
          [3, 4],
          [0, 4],
          [0, 5],
          [2, 6],
        ],
      )
      assert.equal(count('correctable_errors', 'controller="0"'), 1)
      assert.equal(count('uncorrectable_errors', 'controller="0"'), 5)
      const channel = 'channel="1",controller="0",csrow="1",dimm_label="mc0_csrow1_channel1"'
      assert.deepEqual(
        [count('channel_correctable_errors', channel), count('channel_uncorrectable_errors', channel)],
        [0, 2],
      )
      assert.deepEqual(
        states.filter(({ healthy }) => !healthy).map(({ part, state }) => `${part} ${state}`),
        [
          'edac:mc0:unknown:corrected 2',
          'edac:mc0:unknown:uncorrected 6',
          'edac:mc0:csrow0:uncorrected 4',
          'edac:mc0:csrow1:uncorrected 4',
          'edac:mc0:csrow2:uncorrected 5',
        ],
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  },
})

async function copyOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-edac-'))
  t.after(() => rm(folder, { recursive: true }))
  await cp(fixture, folder, { recursive: true })
  return folder
}
