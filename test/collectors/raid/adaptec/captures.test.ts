import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { parseConfig } from '../../../../collectors/raid/adaptec/config.ts'
import { parseControllers } from '../../../../collectors/raid/adaptec/controllers.ts'
import { noTasks, parseStatus } from '../../../../collectors/raid/adaptec/status.ts'
import type { Task } from '../../../../collectors/raid/report.ts'
import { type CaptureRow, checkCaptures } from '../../../captures.ts'
import { nothing, type Tally, tallyOf } from '../tally.ts'

function none(error: Error): void {
  assert.fail(error)
}

/**
 * @param whole the capture ends as arcconf ends
 * @param counted it has the errors of its drives; all captures that do have none
 */
function config(expected: Partial<Tally>, { whole = true, counted = false } = {}): CaptureRow {
  return async (path) => {
    const read = parseConfig(await readFile(path, 'utf8'), '1', noTasks, none)
    const drives = read.drives.map(({ drive }) => drive)
    assert.deepEqual(tallyOf([...read.parts, ...drives]), { ...nothing, ...expected })
    assert.equal(read.whole, whole)
    const errors = drives.map(({ mediaErrors, otherErrors }) => [mediaErrors, otherErrors])
    assert.deepEqual(
      errors,
      drives.map(() => (counted ? [0, 0] : [undefined, undefined])),
    )
  }
}

function status(arrays: Readonly<Record<string, readonly Task[]>>): CaptureRow {
  return async (path) => {
    const read = parseStatus(await readFile(path, 'utf8'), none)
    assert.deepEqual(Object.fromEntries(read.arrays), arrays)
    assert.deepEqual([read.drives.size, read.controller.length], [0, 0])
  }
}

function numbers(...expected: string[]): CaptureRow {
  return async (path) => assert.deepEqual(parseControllers(await readFile(path, 'utf8')), expected)
}

function error(name: string, message: RegExp): CaptureRow {
  return async (path) => {
    const text = await readFile(path, 'utf8')
    assert.throws(() => parseConfig(text, '1', noTasks, none), { name, message })
  }
}

const controllers = ['1 optimal']
const optimal = (...arrays: string[]) => ({ optimal: arrays })

checkCaptures('hwraid/arcconf', {
  'check_raid-1_getconfig.txt': config({
    controllers,
    batteries: ['missing'],
    arrays: optimal('1:0 raid1'),
    drives: { online: 2 },
  }),
  'check_raid-1_getstatus.txt': status({}),
  'check_raid-3_getconfig.txt': config({
    controllers,
    batteries: ['optimal'],
    arrays: optimal('1:0 raid5'),
    drives: { online: 4 },
    celsius: [71],
  }),
  'check_raid-3_getstatus.txt': status({ 0: [{ operation: 'initialise', ratio: 0.11 }] }),
  'check_raid-4_getconfig.txt': config({
    controllers,
    batteries: ['missing'],
    arrays: optimal('1:1 raid1'),
    drives: { online: 2 },
  }),
  'check_raid-86_getconfig.txt': config({
    controllers,
    batteries: ['missing'],
    arrays: { degraded: ['1:0 raid1'] },
    drives: { online: 1, failed: 1 },
  }),
  'hba1100_getconfig.txt': config(
    { controllers, drives: { jbod: 7 }, celsius: [35, 25, 35, 21, 17, 25, 23, 19, 22, 23] },
    { counted: true },
  ),
  'hba1100_getconfig_LD.txt': error('ToolError', /requested feature is not supported on this controller/),
  'hba1100_getversion.txt': numbers('1'),
  'hba1100_list.txt': numbers('1'),
  // No answer to what is asked here: the counters of phys come from sysfs.
  'hba1100_phyerrorlog.txt': error('ParseError', /PHY Error Log.*no "Controller information"$/s),
  'hba1100_phyerrorlog_device_0_4.txt': error('ParseError', /no "Controller information"$/),
  'issue105_getconfig.txt': config({
    controllers,
    batteries: ['failed'],
    arrays: optimal('1:0 raid10'),
    drives: { online: 4 },
    celsius: [77],
  }),
  'issue105_getstatus.txt': status({}),
  'issue128_getconfig.txt': config({
    controllers,
    batteries: ['missing'],
    arrays: optimal('1:0 raid5'),
    drives: { online: 16 },
    celsius: [57],
  }),
  // Three logical devices and a maxCache device.
  'issue31_getconfig.txt': config({
    controllers,
    batteries: ['optimal'],
    arrays: optimal('1:0 raid1', '1:1 raid5', '1:2 raid5', '1:100 raid5'),
    drives: { online: 11 },
    celsius: [69, 21, 26],
  }),
  // Its own sensor says -4 C.
  'issue47_getconfig.txt': config({
    controllers,
    batteries: ['missing'],
    arrays: optimal('1:0 raid10'),
    drives: { online: 4 },
  }),
  'issue75_getconfig.txt': config(
    {
      controllers,
      batteries: ['optimal'],
      arrays: optimal('1:0 raid1', '1:1 raid6', '1:2 raid6'),
      drives: { online: 16, 'hot-spare': 2 },
      celsius: [55, 46],
    },
    { whole: false },
  ),
  'netdata-current_getconfig_LD.txt': config({ arrays: optimal('1:0 raid10') }, { whole: false }),
  'netdata-current_getconfig_PD.txt': config({ drives: { online: 6 } }),
  'netdata-old_getconfig_LD.txt': config({ arrays: optimal('1:0 raid10') }),
  'pr156_getconfig.txt': config(
    {
      controllers,
      batteries: ['missing'],
      arrays: optimal('1:0 raid6'),
      drives: { online: 8 },
      celsius: [49, 35, 36, 35, 32, 33, 34, 33, 32],
    },
    { counted: true },
  ),
  'unknown_getstatus_tasks.txt': status({
    0: [{ operation: 'reshape', ratio: 0.09 }],
    1: [{ operation: 'rebuild', ratio: 0.03 }],
  }),
})
