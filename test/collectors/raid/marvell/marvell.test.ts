import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { marvellParts } from '../../../../collectors/raid/marvell/marvell.ts'
import { parseMvDisks, parseMvVolumes } from '../../../../collectors/raid/marvell/mvcli.ts'
import { raid } from '../../../../collectors/raid/raid.ts'
import { checkCaptures } from '../../../captures.ts'
import { collectOnce, contextOf } from '../../context.ts'
import { fixture, fuzzParser } from '../fuzz.ts'
import { machineWith } from '../replay.ts'
import { nothing, tallyOf } from '../tally.ts'

const folder = 'mvcli-4.1-boss-s1'

checkCaptures('hwraid/mvcli', {
  'info_pd.txt': (path) => {
    const disks = parseMvDisks(readFileSync(path, 'utf8'))
    const parts = marvellParts(disks, [])
    assert.deepEqual(tallyOf(parts), { ...nothing, controllers: ['0 optimal'], drives: { unconfigured: 1 } })
    assert.deepEqual(disks, [
      {
        adapter: '0',
        id: '1',
        status: undefined,
        model: 'Apacer AST280 120GB',
        serial: 'MMYE3021500000009068',
        firmware: 'R0412A0',
        sizeBytes: 117220824 * 1024,
        interface: 'sata',
        media: 'ssd',
      },
    ])
  },
  'info_vd.txt': (path) => {
    const volumes = parseMvVolumes(readFileSync(path, 'utf8'))
    const parts = marvellParts([], volumes)
    assert.deepEqual(tallyOf(parts), {
      ...nothing,
      controllers: ['0 optimal'],
      arrays: { offline: ['0:0 raid0'] },
      drives: { missing: 1 },
    })
    assert.deepEqual(
      [volumes[0]?.name, volumes[0]?.sizeBytes, volumes[0]?.disks],
      ['created_ra', 228818 * 2 ** 20, ['0']],
    )
  },
})

test('marvell shows a mirror that rebuilds', async (t) => {
  const context = contextOf(await machineWith(t, { mvcli: folder }))
  const { states, series } = await collectOnce(raid, context)
  assert.deepEqual(
    states.map(({ part, state }) => `${part} ${state}`),
    [
      'raid:marvell:0:controller optimal',
      'raid:marvell:0:array:0 rebuilding',
      'raid:marvell:0:drive::0 online',
      'raid:marvell:0:drive::1 online',
    ],
  )
  assert.equal(
    series.get('raid_array_progress_ratio{array="0",controller="0",operation="rebuild",vendor="marvell"}'),
    0.15,
  )
  assert.deepEqual(context.skipped, [])
})

test('a disk of a virtual disk that is not listed is missing', () => {
  const disks = parseMvDisks(fixture(`${folder}/info_-o_pd`))
  const volumes = parseMvVolumes(fixture(`${folder}/info_-o_vd`))
  const parts = marvellParts(disks.slice(0, 1), volumes)
  assert.deepEqual(tallyOf(parts).drives, { online: 1, missing: 1 })
  const odd = marvellParts(
    disks,
    volumes.map((volume) => ({ ...volume, operation: 'polishing' })),
  )
  assert.deepEqual(odd[1]?.status, { state: 'degraded', word: 'degraded, polishing', known: false })
})

test('marvell says why it has nothing', async (t) => {
  const state = async (text: string) => {
    const context = contextOf(await machineWith(t, { mvcli: { 'info -o vd': text } }))
    const { samples } = await collectOnce(raid, context)
    const on = samples.find(({ labels, value }) => labels.family === 'marvell' && value === 1)
    return [on?.labels.state, ...context.skipped.map(({ message }) => message)]
  }
  assert.deepEqual(await state('SG driver version 3.5.36.\nNo adapter found.\n'), ['no-controller'])
  assert.deepEqual(await state('Permission denied, run as root.\n'), [
    'no-permission',
    'Cannot read adapters: Permission denied, run as root.',
  ])
  assert.deepEqual(await state('Wait for SG driver ready.\n'), [
    'failed',
    'Cannot parse mvcli "Wait for SG driver ready.": no "Total # of VD" at its end',
  ])
})

fuzzParser('mvcli info -o vd', [fixture(`${folder}/info_-o_vd`)], (text) =>
  marvellParts([], parseMvVolumes(text)),
)
fuzzParser('mvcli info -o pd', [fixture(`${folder}/info_-o_pd`)], (text) =>
  marvellParts(parseMvDisks(text), []),
)
