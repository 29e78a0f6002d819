import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../../collectors/raid/adaptec/config.ts'
import { parseControllers } from '../../../../collectors/raid/adaptec/controllers.ts'
import { noTasks, parseStatus } from '../../../../collectors/raid/adaptec/status.ts'
import { fixture } from '../fuzz.ts'
import { nothing, tallyOf } from '../tally.ts'

const two = 'arcconf-2.06-asr8885q'

function parsed(name: string) {
  const skipped: string[] = []
  const config = parseConfig(fixture(name), '1', noTasks, ({ message }) => void skipped.push(message))
  const drives = config.drives.map(({ drive }) => drive)
  const errors = drives.map((drive) => `${drive.mediaErrors}/${drive.otherErrors}`)
  return { ...config, drives, skipped, errors, tally: tallyOf([...config.parts, ...drives]) }
}

test('arcconf of series 8 gives states, members, counters and the capacitor', () => {
  const { parts, drives, whole, skipped, owner, tally, errors } = parsed(`${two}/GETCONFIG_1_AL`)
  assert.deepEqual(tally, {
    ...nothing,
    controllers: ['1 optimal'],
    batteries: ['optimal'],
    arrays: { optimal: ['1:0 raid1'], 'partially-degraded': ['1:1 raid6'] },
    drives: { online: 4, 'hot-spare': 1, rebuilding: 1, failed: 1 },
    celsius: [63, 24, 31, 34, 37, 29, 26, 27, 33],
  })
  assert.deepEqual(errors, ['2/5', '0/0', '17/1', '0/0', '0/0', '0/0', '210/59'])
  assert.deepEqual([whole, skipped, owner.controllerSerial], [true, [], '7C0419AA11F'])
  const battery = parts.find((part) => part.kind === 'battery')
  assert.deepEqual(
    [battery?.technology, battery?.model, battery?.serial, battery?.chargeRatio, battery?.volts],
    ['capacitor', 'AFM-700/700LP', 'SC7700123', 0.96, 4.875],
  )
  const arrays = parts.filter((part) => part.kind === 'array')
  assert.deepEqual(
    arrays.map(({ array, name, level, device, sizeBytes, driveCount, cache }) => [
      array,
      name,
      level,
      device,
      sizeBytes,
      driveCount,
      cache,
    ]),
    [
      ['0', 'system', 'raid1', 'sda', 228880 * 2 ** 20, 2, 'write-through'],
      ['1', 'bulk', 'raid6', 'sdb', 3813366 * 2 ** 20, 4, 'write-back'],
    ],
  )
  assert.deepEqual(
    drives.map(({ enclosure, slot, array, serial, media, smartAlert }) =>
      [enclosure, slot, array ?? '-', serial, media, smartAlert].join(' '),
    ),
    [
      '1 0 1 HDD00A hdd false',
      '1 1 1 HDD00B hdd false',
      '1 2 1 HDD00C hdd true',
      '1 4 - HDD00D hdd false',
      '1 10 0 SSD00A ssd false',
      '1 11 0 SSD00B ssd false',
      '1 3 - HDD00E hdd false',
    ],
  )
})

test('arcconf of series 5 gives a charging battery, places by connector, and keeps a word nobody knows', () => {
  const { drives, tally } = parsed(`${two}/GETCONFIG_2_AL`)
  assert.deepEqual(tally, {
    ...nothing,
    controllers: ['1 optimal'],
    batteries: ['charging'],
    arrays: { degraded: ['1:0 raid5'] },
    drives: { online: 2, failed: 1, unconfigured: 1, unknown: 1 },
    unknown: 1,
  })
  assert.equal(drives.at(-1)?.status.word, 'Frobnicating')
  assert.deepEqual(
    drives.map(({ enclosure, slot, array }) => `${enclosure}/${slot}/${array ?? '-'}`),
    ['connector 0/0/0', 'connector 0/1/0', 'connector 1/0/0', 'connector 1/1/-', 'connector 1/2/-'],
  )
})

test('arcconf of SmartRAID gives its sensors by place, its backup power and its own names of counters', () => {
  const { parts, drives, tally, errors } = parsed('arcconf-3.07-smartraid-3154/GETCONFIG_1_AL')
  assert.deepEqual(tally, {
    ...nothing,
    controllers: ['1 optimal'],
    batteries: ['optimal'],
    arrays: { optimal: ['1:0 raid1'] },
    drives: { online: 2, jbod: 1 },
    celsius: [48, 27, 48, 22, 24, 25],
  })
  assert.deepEqual(errors, ['0/1', '6/3', '0/1'])
  const [controller] = parts
  assert.deepEqual(controller?.kind === 'controller' && controller.celsius, {
    roc: 48,
    'inlet ambient': 27,
    asic: 48,
  })
  assert.deepEqual(
    drives.map(({ enclosure, slot, array }) => [enclosure, slot, array]),
    [
      ['', '1', '0'],
      ['', '2', '0'],
      ['', '3', undefined],
    ],
  )
})

test('arcconf of ServeRAID says drive for device, PFA for SMART, and names parallel SCSI by channel and device', () => {
  const { parts, drives, tally } = parsed('arcconf-5.2-serveraid/GETCONFIG_1_AL')
  assert.deepEqual(tally, {
    ...nothing,
    controllers: ['1 optimal'],
    batteries: ['missing'],
    arrays: { optimal: ['1:1 raid1'] },
    drives: { online: 2 },
  })
  assert.deepEqual(
    drives.map(({ enclosure, slot, array, smartAlert }) => [enclosure, slot, array, smartAlert]),
    [
      ['', '0,0', '1', false],
      ['', '0,1', '1', true],
    ],
  )
  const array = parts.find((part) => part.kind === 'array')
  assert.deepEqual([array?.name, array?.driveCount, array?.cache], ['root', 2, 'write-back'])
})

test('arcconf drives whose slots are numbered alike are told apart by channel and device', () => {
  const text = fixture('arcconf-3.07-smartraid-3154/GETCONFIG_1_AL').replace(
    'Slot 3(Connector 0:CN0)',
    'Slot 2(Connector 1:CN1)',
  )
  const { drives } = parseConfig(text, '1', noTasks, assert.fail)
  assert.deepEqual(
    drives.map(({ drive }) => `${drive.slot} ${drive.serial}`),
    ['1 SR0A', '0,2 SR0B', '0,3 SR0C'],
  )
})

test('arcconf that ends early is not whole, and torn before its drives it is refused', () => {
  const text = fixture(`${two}/GETCONFIG_1_AL`)
  const torn = parseConfig(text.slice(0, text.indexOf('Device #2')), '1', noTasks, assert.fail)
  assert.deepEqual([torn.whole, torn.drives.length], [false, 2])
  assert.throws(
    () => parseConfig(text.slice(0, text.indexOf('Physical Device information')), '1', noTasks, assert.fail),
    { name: 'ParseError', message: 'Cannot parse controller 1: the text ends before its drives' },
  )
  assert.throws(() => parseConfig('', '1', noTasks, assert.fail), {
    name: 'ParseError',
    message: 'Cannot read controller 1: it says ""',
  })
})

test('arcconf GETSTATUS gives what is in progress, by logical device, and tells of what it does not know', () => {
  const skipped: string[] = []
  const skip = ({ message }: Error) => void skipped.push(message)
  const status = parseStatus(fixture(`${two}/GETSTATUS_1`), skip)
  assert.deepEqual(Object.fromEntries(status.arrays), { 1: [{ operation: 'rebuild', ratio: 0.42 }] })
  const more = [
    'Controllers found: 1',
    'Physical Device Task:',
    '   Physical device                : 0,7',
    '   Current operation              : Secure Erase',
    '   Status                         : In Progress',
    'Logical Device Task:',
    '   Logical Device                 : 3',
    '   Current operation              : Pondering',
    'Controller Task:',
    '   Current operation              : Background consistency check',
    '   Percentage complete            : 107',
  ].join('\n')
  const { arrays, drives, controller } = parseStatus(more, skip)
  assert.equal(arrays.size, 0)
  assert.deepEqual(Object.fromEntries(drives), { '0,7': [{ operation: 'erase' }] })
  assert.deepEqual(controller, [{ operation: 'check' }])
  assert.deepEqual(skipped, ['Cannot parse GETSTATUS operation "pondering": not known'])
})

test('arcconf LIST, GETVERSION or their number alone give the controllers; anything else is refused', () => {
  assert.deepEqual(parseControllers(fixture(`${two}/LIST`)), ['1', '2'])
  assert.deepEqual(parseControllers(fixture('arcconf-5.2-serveraid/GETVERSION')), ['1'])
  assert.deepEqual(parseControllers('Controllers found: 3\n'), ['1', '2', '3'])
  assert.deepEqual(parseControllers('Controllers found: 0\n'), [])
  assert.throws(() => parseControllers('Controllers found: 1000'), {
    name: 'ParseError',
    message: /too many/,
  })
  assert.throws(() => parseControllers('Segmentation fault'), { name: 'ParseError' })
  assert.throws(() => parseControllers('You must be root to run this'), {
    name: 'ToolError',
    refusal: 'no-permission',
  })
})
