import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIrcuDisplay, parseIrcuList, parseIrcuStatus } from '../../../../collectors/raid/lsi/ircu.ts'
import { ircuParts } from '../../../../collectors/raid/lsi/ircu-parts.ts'
import { parseMpt, parseMptProbe } from '../../../../collectors/raid/lsi/mpt.ts'
import { mptParts } from '../../../../collectors/raid/lsi/mpt-parts.ts'
import { raid } from '../../../../collectors/raid/raid.ts'
import { collectOnce, contextOf } from '../../context.ts'
import { fixture, fuzzParser } from '../fuzz.ts'
import { type Answers, impatient, machineWith } from '../replay.ts'

const all = {
  sas2ircu: 'sas2ircu-20-h200',
  sas3ircu: 'sas3ircu-16-9300-8i',
  'mpt-status': 'mpt-status-1.2-sas1068',
}

/** What the states, the tool and the skipped of a reading say. */
async function reading(t: Parameters<typeof machineWith>[0], tools: Readonly<Record<string, Answers>>) {
  const machine = await machineWith(t, tools)
  const context = contextOf(machine)
  const { states, series } = await collectOnce(raid, context)
  const on = (name: string) =>
    [...series].flatMap(([key, value]) => (value === 1 && key.startsWith(name) ? key : []))
  return {
    machine,
    states: states.map(({ part, state }) => `${part} ${state}`),
    series,
    tool: on('raid_tool_state{family="lsi"').map((key) =>
      /state="([^"]+)",tool="([^"]+)"/.exec(key)?.slice(1),
    ),
    skipped: context.skipped.map(({ message }) => message),
    causes: context.skipped.map(({ cause }) => (cause instanceof Error ? cause.message : '')),
  }
}

test('lsi reads every generation that is there, each under its own label', async (t) => {
  const { states, series, tool, skipped } = await reading(t, all)
  assert.deepEqual(states, [
    'raid:lsi:sas3%3A0:controller optimal',
    'raid:lsi:sas3%3A0:drive:2:0 jbod',
    'raid:lsi:sas3%3A0:drive:2:255 jbod',
    'raid:lsi:sas2%3A0:controller optimal',
    'raid:lsi:sas2%3A0:array:323 rebuilding',
    'raid:lsi:sas2%3A0:array:322 degraded',
    'raid:lsi:sas2%3A0:drive:2:4 online',
    'raid:lsi:sas2%3A0:drive:2:5 rebuilding',
    'raid:lsi:sas2%3A0:drive:2:6 online',
    'raid:lsi:sas2%3A0:drive:0:0 missing',
    'raid:lsi:sas2%3A0:drive:2:7 hot-spare',
    'raid:lsi:sas2%3A0:drive:2:1 jbod',
    'raid:lsi:mpt%3A0:controller optimal',
    'raid:lsi:mpt%3A0:array:2 rebuilding',
    'raid:lsi:mpt%3A0:drive::0 online',
    'raid:lsi:mpt%3A0:drive::1 rebuilding',
    'raid:lsi:mpt%3A0:array:5 optimal',
    'raid:lsi:mpt%3A0:drive::2 online',
    'raid:lsi:mpt%3A0:drive::3 predictive-failure',
  ])
  assert.deepEqual(
    [tool, skipped],
    [
      [
        ['ok', 'sas3ircu'],
        ['ok', 'sas2ircu'],
        ['ok', 'mpt-status'],
      ],
      [],
    ],
  )
  const value = (key: string) => series.get(key)
  assert.equal(
    value('raid_array_progress_ratio{array="323",controller="sas2:0",operation="rebuild",vendor="lsi"}'),
    0.3762,
  )
  assert.equal(
    value('raid_array_progress_ratio{array="2",controller="mpt:0",operation="rebuild",vendor="lsi"}'),
    0.12,
  )
  assert.equal(value('raid_drive_smart_alert{controller="mpt:0",enclosure="",slot="3",vendor="lsi"}'), 1)
  assert.equal(
    value(
      'raid_drive_info{array="5",controller="mpt:0",enclosure="",firmware="3B02",interface="",media="",model="WDC WD5002ABYS-1",serial="",slot="3",status="ONLINE, SMART 5D",vendor="lsi"}',
    ),
    1,
  )
  assert.equal(value('raid_unknown_words{vendor="lsi"}'), 0)
})

test('lsi without controllers is no failure: each tool says so in its own words', async (t) => {
  const banner = 'LSI Corporation SAS2 IR Configuration Utility.\nVersion 20.00.00.00 (2014.09.18)\n'
  const { states, tool, skipped } = await reading(t, {
    sas2ircu: { LIST: `${banner}\nSAS2IRCU: MPTLib2 Error 1\n`, 'LIST.exit': '1\n' },
    'mpt-status': {
      '-u 0 -p':
        'open /dev/mptctl: No such file or directory\n  Try: mknod /dev/mptctl c 10 220\nMake sure mptctl is loaded into the kernel\n',
      '-u 0 -p.exit': '1\n',
    },
  })
  assert.deepEqual(
    [states, tool, skipped],
    [
      [],
      [
        ['no-controller', 'sas2ircu'],
        ['no-controller', 'mpt-status'],
      ],
      [],
    ],
  )
})

test('lsi tells a missing permission from a tool that cannot be understood', async (t) => {
  const root = { '-u 0 -p': ' Need root to run this program\n', '-u 0 -p.exit': '1\n' }
  const { tool, skipped } = await reading(t, { 'mpt-status': root })
  assert.deepEqual(tool, [['no-permission', 'mpt-status']])
  assert.deepEqual(skipped, ['Cannot read /dev/mptctl: mpt-status needs root'])
  const other = await reading(t, { sas3ircu: { LIST: 'Segmentation fault\n' } })
  assert.deepEqual(other.tool, [['failed', 'sas3ircu']])
  assert.deepEqual(other.skipped, ['Cannot parse LIST "Segmentation fault": no line "Index Type ID …"'])
})

test('lsi reads the other controllers when one does not answer, and says nothing of its parts', async (t) => {
  const list = fixture('sas2ircu-20-h200/LIST')
  const second = list.replace(/^ {3}0 (.*)$/m, (row) => `${row}\n${row.replace('   0 ', '   1 ')}`)
  const { machine, states, causes } = await reading(t, {
    sas2ircu: {
      LIST: second,
      '0 DISPLAY': 'SAS2IRCU: Error executing command DISPLAY.\n',
      '1 DISPLAY': fixture('sas2ircu-20-h200/0_DISPLAY'),
      '1 STATUS': fixture('sas2ircu-20-h200/0_STATUS').replace(/SAS2IRCU: Command.*/s, ''),
    },
  })
  assert.equal(states.length, 9)
  assert.ok(states.every((state) => state.startsWith('raid:lsi:sas2%3A1:')))
  assert.ok(
    states.includes('raid:lsi:sas2%3A1:array:323 degraded'),
    'what STATUS would have said is not known',
  )
  assert.equal(causes.length, 2)
  assert.match(causes[0] ?? '', /^Cannot parse DISPLAY: it ends with "SAS2IRCU: Error executing/)
  assert.match(causes[1] ?? '', /^Cannot parse STATUS/)
  const known = new Map([
    ['raid:lsi:sas2%3A0:controller', 'optimal'],
    ['raid:lsi:sas2%3A0:drive:2:1', 'jbod'],
  ])
  const later = await collectOnce(raid, contextOf({ ...machine, states: known }))
  assert.deepEqual(
    later.states.filter(({ part }) => part.includes('sas2%3A0')),
    [],
    'a controller that is not read has lost nothing',
  )
})

test('lsi lets no controller go while the tool that lists it fails', async (t) => {
  const states = new Map([
    ['raid:lsi:sas2%3A0:controller', 'optimal'],
    ['raid:lsi:sas3%3A1:controller', 'optimal'],
  ])
  const gone = async (tools: Readonly<Record<string, Answers>>) => {
    const machine = await machineWith(t, tools)
    const { states: found } = await collectOnce(raid, contextOf({ ...machine, states }))
    return found.filter(({ body }) => body.includes('no longer')).map(({ part }) => part)
  }
  const { sas2ircu, sas3ircu } = all
  const fails = { LIST: 'Segmentation fault\n' }
  assert.deepEqual(await gone({ sas3ircu: fails, sas2ircu }), [])
  assert.deepEqual(await gone({ sas3ircu, sas2ircu: fails }), ['raid:lsi:sas3%3A1:controller'])
  assert.deepEqual(await gone({ sas3ircu, sas2ircu }), ['raid:lsi:sas3%3A1:controller'])
  assert.deepEqual(await gone({ sas2ircu }), [], 'nor while the tool that lists it is not installed')
})

test('lsi is not waited for one controller, or one volume, after the other where all hang', async (t) => {
  const row = '   0     SAS2008     1000h    72h   00h:03h:00h:00h      1028h   1f1dh\n'
  const list = fixture('sas2ircu-20-h200/LIST').replace(
    /^ {3}0 .*\n/m,
    [0, 1, 2].map((one) => row.replace('0', `${one}`)).join(''),
  )
  const hanging = ['0 DISPLAY', '1 DISPLAY', '2 DISPLAY', '-u 0 -n -i 2', '-u 0 -n -i 3']
  const machine = await machineWith(t, {
    sas2ircu: {
      LIST: list,
      ...Object.fromEntries(hanging.slice(0, 3).map((words) => [`${words}.hang`, ''])),
    },
    'mpt-status': {
      '-u 0 -p': 'Found SCSI id=2, use "mpt-status -i 2" to get more information.\n',
      ...Object.fromEntries(hanging.slice(3).map((words) => [`${words}.hang`, ''])),
    },
  })
  const context = contextOf({ ...machine, run: impatient(machine, ...hanging) })
  await collectOnce(raid, context)
  const causes = context.skipped.map(({ message, cause }) => [
    message,
    String(cause instanceof Error ? cause.message : '').replace(/.*: /, ''),
  ])
  assert.deepEqual(causes.slice(0, 4), [
    ['Cannot read controller sas2:0', 'killed after 1 s'],
    ['Cannot read controller sas2:1', 'killed after 1 s'],
    ['Cannot read controller sas2:2', '2 others hang'],
    ['Cannot read volume 2 of controller mpt:0', 'killed after 1 s'],
  ])
  assert.ok(!causes.flat().some((text) => text.includes('volume 3')))
})

test('a drive of which sas2ircu tells no slot is passed over, and the others are read', () => {
  const text = fixture('sas2ircu-20-h200/0_DISPLAY')
  const skipped: Error[] = []
  const drives = (one: string) => parseIrcuDisplay(one, (error) => void skipped.push(error)).drives.length
  const all = drives(text)
  assert.deepEqual([all > 1, skipped.length], [true, 0])
  assert.equal(drives(text.replace(/^ +Slot # .*\n/m, '')), all - 1)
  assert.match(
    skipped.map(({ message }) => message).join(),
    /^Cannot parse a drive of DISPLAY .*no "Slot #"$/,
  )
})

test('an operation that is not known leaves a volume in its state and is counted', () => {
  const display = parseIrcuDisplay(fixture('sas2ircu-20-h200/0_DISPLAY'), () => undefined)
  const [, volume] = ircuParts('sas2:0', display, new Map([['323', { operation: 'Polishing', ratio: 0.5 }]]))
  assert.deepEqual(volume?.status, { state: 'degraded', word: 'Degraded (DGD), Polishing', known: false })
  assert.deepEqual(volume?.tasks, [])
})

test('mpt-status is read in all three of its forms', () => {
  const classic = `ioc0 vol_id 1 type IME, 3 phy, 204 GB, state DEGRADED, flags ENABLED RESYNC_IN_PROGRESS
ioc0 phy 2 scsi_id 1 ATA      Hitachi HUA72101 AJ0A, 931 GB, state MISSING, flags OUT_OF_SYNC
ioc0 phy 0 scsi_id 4 ATA      ST3808110AS      J   , 74 GB, state ONLINE, flags NONE
`
  const states = (text: string) =>
    mptParts('mpt:0', [parseMpt(text)]).map((part) => `${part.kind} ${part.status.state} ${part.status.word}`)
  assert.deepEqual(states(classic), [
    'controller optimal Present',
    'array rebuilding DEGRADED, RESYNC_IN_PROGRESS',
    'drive missing MISSING, OUT_OF_SYNC',
    'drive online ONLINE',
  ])
  const [, , drive] = mptParts('mpt:0', [parseMpt(classic)])
  assert.ok(drive?.kind === 'drive')
  assert.deepEqual(
    [drive.slot, drive.array, drive.model, drive.firmware],
    ['2', '1', 'Hitachi HUA72101', 'AJ0A'],
  )
  assert.deepEqual(states('vol_id 2 OPTIMAL\nphys_id 1 ONLINE\nphys_id 0 FAILED\n'), [
    'controller optimal Present',
    'array optimal OPTIMAL',
    'drive online ONLINE',
    'drive failed FAILED',
  ])
  assert.throws(() => parseMpt('ioc:0 vol_id:2 type:IM raidlevel:RAID-1 num_di'), {
    name: 'ParseError',
    message:
      'Cannot parse mpt-status "ioc:0 vol_id:2 type:IM raidlevel:RAID-1 num_di": no number, or no state and flags',
  })
})

test('the words of DISPLAY mean what the manual says', () => {
  const state = (word: string) => {
    const drive = { enclosure: '1', slot: '1', state: word }
    const parts = ircuParts('sas3:0', { volumes: [], drives: [drive] }, new Map())
    return parts[1]?.status.state
  }
  assert.deepEqual(
    ['Available (AVL)', 'Failed (FLD)', 'Missing (MIS)', 'Out of Sync (OSY)', 'Ready (RDY)', 'Odd (ODD)'].map(
      state,
    ),
    ['unconfigured', 'failed', 'missing', 'rebuilding', 'jbod', 'unknown'],
  )
})

fuzzParser('sas2ircu LIST', [fixture('sas2ircu-20-h200/LIST')], parseIrcuList)
fuzzParser(
  'sas2ircu DISPLAY and sas3ircu DISPLAY',
  [fixture('sas2ircu-20-h200/0_DISPLAY'), fixture('sas3ircu-16-9300-8i/0_DISPLAY')],
  (text) =>
    ircuParts(
      'sas2:0',
      parseIrcuDisplay(text, () => undefined),
      new Map(),
    ),
)
fuzzParser('sas2ircu STATUS', [fixture('sas2ircu-20-h200/0_STATUS')], parseIrcuStatus)
fuzzParser(
  'mpt-status -n',
  [fixture('mpt-status-1.2-sas1068/-u_0_-n_-i_2'), fixture('mpt-status-1.2-sas1068/-u_0_-n_-i_5')],
  (text) => mptParts('mpt:0', [parseMpt(text)]),
)
fuzzParser('mpt-status -p', [fixture('mpt-status-1.2-sas1068/-u_0_-p')], parseMptProbe)
