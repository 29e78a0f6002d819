import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { parseCciss } from '../../../../collectors/raid/hpe/cciss.ts'
import { parseSmartArrays, type SmartArray } from '../../../../collectors/raid/hpe/config.ts'
import { type CaptureRow, checkCaptures } from '../../../captures.ts'
import { nothing, type Tally, tallyOf } from '../tally.ts'

function row(parse: (text: string) => readonly SmartArray[]) {
  return (expected: Partial<Tally>): CaptureRow =>
    async (path) => {
      const arrays = parse(await readFile(path, 'utf8'))
      assert.deepEqual(tallyOf(arrays.flatMap(({ parts }) => parts)), { ...nothing, ...expected })
    }
}

const reads = row(parseSmartArrays)
const cciss = row(parseCciss)

function error(name: string, message: RegExp): CaptureRow {
  return async (path) => {
    const text = await readFile(path, 'utf8')
    assert.throws(() => parseSmartArrays(text), { name, message })
  }
}

const numbers = (...all: readonly number[]) => all.map((number) => `MY STORAGE:${number}`)

checkCaptures('hwraid/hpacucli', {
  // Both arrays failed while their logical drives are OK.
  'cn_logicaldrive_show.txt': reads({
    arrays: {
      'partially-degraded': [
        ...numbers(1, 2, 3, 4, 5, 6, 7, 8).map((name) => `${name} raid6`),
        ...numbers(9, 10, 11, 12).map((name) => `${name} raid5`),
      ],
    },
  }),
  'controller_show_status.txt': reads({
    controllers: ['MY STORAGE optimal', 'MY STORAGE (2) optimal', '0 optimal'],
    batteries: ['optimal', 'optimal', 'optimal'],
  }),
  'glpi_ctrl_all_show_config.txt': reads({ arrays: { optimal: ['0:1 raid10'] }, drives: { online: 8 } }),
  'heracles_controller_show_status.txt': reads({ controllers: ['ATTR_VALUE_SLOT_UNKNOWN optimal'] }),
  'heracles_logicaldrive_show.txt': error('ParseError', /"Invalid target syntax\. "attr_value_slot_unknown"/),
  'issue157_controller_status.txt': reads({ controllers: ['0 optimal'] }),
  'issue157_slot0_logicaldrive.txt': reads({ arrays: { optimal: ['0:1 raid1'] } }),
  'issue98_controller_status.txt': reads({ controllers: ['1 optimal'], batteries: ['optimal'] }),
  'issue98_logical_status.txt': reads({
    arrays: { optimal: ['1:1 raid1', '1:3 raid5'], 'partially-degraded': ['1:2 raid5'] },
  }),
  'pr207_controller.txt': error('ToolError', /^Cannot list controllers: No controllers detected\.$/),
  'pr207_logicaldrive.txt': error('ParseError', /"The controller must be identified by slot/),
  'slot_logicaldrive_show.txt': reads({ arrays: { optimal: ['0:1 raid1'] } }),
})

checkCaptures('hwraid/ssacli', {
  'P212_P410i_ctrl_all_show_config_detail.txt': reads({
    controllers: ['5 optimal', '0 optimal'],
    arrays: { optimal: ['5:1 raid5', '0:1 raid1', '0:2 raid10'] },
    drives: { online: 12, unconfigured: 6 },
    celsius: [33, 34, 35, 35, 34, 33, 30, 33, 30, 35, 34, 31, 37, 37, 43, 44, 38, 36],
  }),
  // The cache is off, for want of a battery.
  'P400i-unassigned_ctrl_all_show_config_detail.txt': reads({
    controllers: ['0 degraded'],
    batteries: ['failed'],
    arrays: { optimal: ['0:1 raid1'] },
    drives: { online: 2, unconfigured: 2 },
    celsius: [28, 28, 23, 23],
  }),
})

checkCaptures('hwraid/cciss_vol_status', {
  'argos2.txt': cciss({
    controllers: ['c0 degraded'],
    arrays: { optimal: ['c0:0 raid6'] },
    drives: { online: 4 },
  }),
  // An enclosure of the second is too warm.
  'c1.txt': cciss({
    controllers: ['c0 optimal', 'c1 degraded'],
    arrays: { optimal: ['c0:0 raid1', 'c1:0 raid1'] },
  }),
  'cache-status.txt': cciss({
    controllers: ['c0 optimal'],
    arrays: { optimal: ['c0:0 raid1'] },
    drives: { online: 2 },
  }),
  'issue83.txt': cciss({ controllers: ['c0 optimal'], arrays: { optimal: ['c0:0 raid1'] } }),
  'lupus-V.txt': cciss({
    controllers: ['c0 degraded'],
    arrays: { optimal: ['c0:0 raid1', 'c0:1 raid6'] },
    drives: { online: 10 },
  }),
})
