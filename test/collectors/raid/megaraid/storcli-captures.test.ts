/** Real outputs of storcli and perccli, each read as the eye reads it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { parseAnswers } from '../../../../collectors/raid/megaraid/storcli/answer.ts'
import { cardsOf } from '../../../../collectors/raid/megaraid/storcli/cards.ts'
import { checkCaptures } from '../../../captures.ts'
import { nothing as empty, type Tally, tallyOfCards } from '../tally.ts'

const nothing: Tally = { ...empty, controllers: ['0 unknown'] }
const read = (path: string) => parseAnswers(readFileSync(path, 'utf8'), 'the capture')
const cards = (path: string) =>
  cardsOf(read(path), (error) => {
    throw error
  })
const holds = (expected: Partial<Tally>) => (path: string) =>
  assert.deepEqual(tallyOfCards(cards(path)), { ...nothing, ...expected })
/** Says why, for the controller of its one entry. */
const refuses = (message: string) => (path: string) =>
  assert.deepEqual(
    read(path).map(({ error }) => error?.message),
    [`Cannot read controller 0 by the capture: ${message}`],
  )
const noController = (why: string) => (path: string) =>
  assert.throws(() => read(path), {
    name: 'ToolError',
    refusal: 'no-controller',
    message: `Cannot read the capture: ${why}`,
  })
const noPart = (path: string) => assert.deepEqual([read(path).length, cards(path)], [1, []])
const zero = { media: 0, other: 0, predictive: 0 }

checkCaptures('hwraid/storcli', {
  '9270cv_bbu_show_all.json': refuses('use /cx/cv'),
  '9270cv_cv_show_all.json': (path) => {
    holds({ batteries: ['capacitor optimal'], celsius: [40] })(path)
    const [vault] = cards(path)[0]?.batteries ?? []
    assert.deepEqual([vault?.model, vault?.serial, vault?.status.word], ['CVPM02', '11751', 'Optimal'])
  },
  '9270cv_vall_show_all.json': (path) => {
    holds({ arrays: { checking: ['0:0 raid5'] } })(path)
    const [volume] = cards(path)[0]?.volumes ?? []
    assert.deepEqual(volume?.part.tasks, [{ operation: 'check', ratio: 0.36 }])
    assert.deepEqual(
      [volume?.part.device, volume?.part.driveCount, volume?.part.sizeBytes, volume?.part.cache],
      ['sda', 8, 41016098816 * 512, 'write-back'],
    )
  },
  'drive-offline_c0_e35_s12_show.json': holds({ drives: { failed: 1 } }),
  'foreign-config_c0_fall_show.json': holds({}),
  'hba9500-8i-mpt3sas_cALL_show_all.json': (path) => {
    holds({ controllers: ['0 optimal'], drives: { jbod: 29 }, celsius: [44] })(path)
    const disks = cards(path)[0]?.disks.map(({ part }) => part) ?? []
    const of = (enclosure: string) => disks.filter((disk) => disk.enclosure === enclosure).length
    assert.deepEqual([of('23'), of('30')], [23, 6])
    const large = disks.find(({ enclosure, slot }) => enclosure === '23' && slot === '4')
    assert.equal(large?.sizeBytes, 12_000_138_620_928, 'sectors of 4 KB')
  },
  'hpe-mr216i_cALL_show_all.json': (path) => {
    holds({
      controllers: ['0 optimal'],
      arrays: { optimal: ['0:239 raid1'] },
      drives: { online: 2 },
      batteries: ['battery missing'],
      celsius: [49],
    })(path)
    const [card] = cards(path)
    assert.deepEqual(
      card?.disks.map(({ part }) => [part.enclosure, part.slot, part.array, part.sizeBytes, part.interface]),
      [
        ['251', '1', '239', 800e9, 'nvme'],
        ['251', '2', '239', 800e9, 'nvme'],
      ],
    )
    assert.equal(card?.volumes[0]?.part.name, 'NVMe-RAID-1')
  },
  'hpe-mr216i_show_all.json': noPart,
  'hpe-mr216i_show_ctrlcount.json': noPart,
  'm5015-raid6-bbu_cALL_show_all.json': (path) => {
    holds({
      controllers: ['0 optimal'],
      arrays: { optimal: ['0:0 raid6'] },
      drives: { online: 6 },
      batteries: ['battery optimal'],
      celsius: [34],
    })(path)
    const [card] = cards(path)
    assert.equal(card?.facts.timeDifferenceSeconds, 95)
    assert.equal(card?.part.controllerSerial, 'SV04616189')
  },
  'm5015-raid6-bbu_eALL_sALL_show_all.json': (path) => {
    holds({ drives: { online: 6 }, celsius: [28, 27, 28, 28, 28, 28], errors: zero })(path)
    const [disk] = cards(path)[0]?.disks ?? []
    assert.deepEqual(
      [disk?.part.serial, disk?.part.sizeBytes, disk?.facts.linkGigabits],
      ['ZL2PVFA8', 0x746c00000 * 512, 6],
    )
  },
  'no-controllers_show.json': noController('no controllers'),
  'rs3dc080_c0_show.json': holds({ arrays: { optimal: ['0:1 raid0'] }, drives: { unconfigured: 12 } }),
  'set-good-failure_c0_e252_s7.json': refuses('Set Drive Good Failed.; /c0/e252/s7: Operation not allowed.'),
})

checkCaptures('hwraid/perccli', {
  'no-controller_cALL_show_all.json': noController('No Controller found'),
})
