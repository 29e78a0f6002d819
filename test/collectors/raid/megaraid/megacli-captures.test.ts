/** Real outputs of MegaCli, each read as the eye reads it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { summaryOf } from '../../../../collectors/raid/megaraid/megacli/adapters.ts'
import { cardsOf } from '../../../../collectors/raid/megaraid/megacli/cards.ts'
import { adaptersOf } from '../../../../collectors/raid/megaraid/megacli/text.ts'
import { checkCaptures } from '../../../captures.ts'
import { nothing as empty, type Tally, tallyOfCards } from '../tally.ts'

const nothing: Tally = { ...empty, controllers: ['0 unknown'] }
const text = (path: string) => readFileSync(path, 'utf8')
const cards = (path: string) => {
  const info = adaptersOf(text(path), 'the capture')
  return cardsOf({ info, volumes: info, drives: info, batteries: info }, (error) => {
    throw error
  })
}
const holds =
  (expected: Partial<Tally>, more: (card: ReturnType<typeof cards>[number]) => void = () => undefined) =>
  (path: string) => {
    const all = cards(path)
    assert.deepEqual(tallyOfCards(all), { ...nothing, ...expected })
    if (all[0]) more(all[0])
  }
const battery = (state: string, celsius: number, volts: number, charge: number, word: string) =>
  holds({ batteries: [`battery ${state}`], celsius: [celsius] }, ({ batteries: [one] }) =>
    assert.deepEqual([one?.volts, one?.chargeRatio, one?.status.word], [volts, charge, word]),
  )
const noBattery = (word: string) =>
  holds({ batteries: ['battery missing'] }, ({ batteries: [one] }) => assert.equal(one?.status.word, word))
/** A question that is not asked: it names no adapter as the others do. */
const otherQuestion = (path: string) =>
  assert.throws(() => adaptersOf(text(path), 'the capture'), {
    name: 'ParseError',
    message: /^Cannot parse the capture: expected "Adapter #0" or its like, got "/,
  })
const summary = (expected: Readonly<Record<string, string>>) => (path: string) =>
  assert.deepEqual(Object.fromEntries(summaryOf(text(path))), expected)
const none = { media: 0, other: 0, predictive: 0 }
const nonRaid = Array.from({ length: 14 }, (_, array) => `0:${array} raid0`)

checkCaptures('hwraid/megacli', {
  'check_raid-3_bbu.txt': battery('optimal', 29, 4.069, 0.96, 'OK'),
  'check_raid-3_ldinfo.txt': holds({ arrays: { optimal: ['0:0 raid5'] } }, ({ volumes: [volume] }) =>
    assert.deepEqual([volume?.part.driveCount, volume?.part.cache], [10, 'write-back']),
  ),
  'check_raid-3_pdlist.txt': holds(
    {
      drives: { online: 10, failed: 1, 'hot-spare': 1 },
      celsius: [34, 34, 35, 33, 33, 34, 32, 33, 33, 33, 33],
      errors: { media: 0, other: 11, predictive: 0 },
    },
    ({ disks }) => {
      const bad = disks.find(({ part }) => part.status.state === 'failed')
      assert.deepEqual([bad?.part.status.word, bad?.part.celsius], ['Unconfigured(bad), foreign', undefined])
    },
  ),
  'glpi-set1_EncInfo.txt': otherQuestion,
  'glpi-set1_PDlist.txt': holds(
    { drives: { online: 2 }, celsius: [30, 30], errors: none },
    ({ disks: [disk] }) =>
      assert.deepEqual(
        [disk?.part.model, disk?.part.serial, disk?.part.media, disk?.part.sizeBytes],
        ['INTEL SSDSC2CW240A3', 'CVCV31700005240FGN', 'ssd', 0x1bf244b0 * 512],
      ),
  ),
  'glpi-set1_ShowSummary.txt': summary({ '5c81f660cf331f00': 'Optimal' }),
  'glpi-set1_adpCount.txt': otherQuestion,
  'glpi-set3_PDlist.txt': holds(
    { drives: { online: 4 }, celsius: [35, 34, 34, 33], errors: none },
    ({ disks: [disk] }) =>
      assert.deepEqual(
        [disk?.part.model, disk?.part.serial, disk?.part.firmware, disk?.part.interface],
        ['ST300MP0005', 'S7K13GAY', 'VT31', 'sas'],
      ),
  ),
  'glpi-set3_ShowSummary.txt': summary({ '51866da063a87400': 'Optimal' }),
  'glpi-set7_AdpPciInfo.txt': holds({}),
  'glpi-set7_LDinfo.txt': holds({ arrays: { optimal: nonRaid } }),
  'glpi-set7_PDlist.txt': holds({
    drives: { online: 14 },
    celsius: [28, 27, 27, 27, 26, 26, 27, 27, 26, 28, 28, 28, 34, 34],
    errors: none,
  }),
  'issue32_bbu-missing_8.01.06.txt': noBattery('Get BBU Status Failed'),
  'issue32_bbu-missing_8.07.10.txt': noBattery('The required hardware component is not present'),
  'issue39_bbustatus.2.txt': battery('failed', 26, 4.053, 0.97, 'Battery Replacement required'),
  'issue39_bbustatus.txt': battery('failed', 30, 4.026, 0.97, 'Battery Replacement required'),
  'issue39_ldinfo.txt': holds({ arrays: { optimal: ['0:0 raid5'] } }, ({ volumes: [volume] }) =>
    assert.equal(volume?.part.cache, 'write-through'),
  ),
  'issue39_pdlist.txt': holds({
    drives: { online: 10, 'hot-spare': 2 },
    celsius: [35, 35, 36, 33, 34, 34, 32, 33, 33, 32, 33, 33],
    errors: none,
  }),
  'issue49_bbu.txt': battery('failed', 36, 4.049, 0.96, 'Battery Replacement required'),
  'issue49_pdlist.txt': holds({
    drives: { online: 5, 'predictive-failure': 1 },
    errors: { media: 102, other: 12, predictive: 4 },
  }),
  'issue91_cachecade_ldinfo.txt': holds({ arrays: { optimal: ['0:0 raid6'], unknown: ['0:1 cachecade'] } }),
  'issue91_cachecade_pdlist.txt': holds({ drives: { online: 8 }, celsius: [26, 26], errors: none }),
  'ldinfo.1.txt': holds({ arrays: { optimal: ['0:0 raid1', '0:1 raid5'] } }),
  'ldinfo.2.txt': holds({ arrays: { optimal: ['0:0 raid10'] } }, ({ volumes: [volume] }) =>
    assert.equal(volume?.part.driveCount, 6, 'three spans of two'),
  ),
  'ldinfo.jbod.txt': holds({}),
  'netdata_LDPDInfo.txt': holds(
    {
      arrays: { optimal: ['0:0 raid1'] },
      drives: { online: 8 },
      celsius: [33, 33, 34, 34, 34, 33, 33, 34],
      errors: none,
    },
    ({ disks }) => assert.deepEqual(new Set(disks.map(({ part }) => part.array)), new Set(['0'])),
  ),
  'netdata_bbu-old.txt': battery('optimal', 31, 4.073, 1, 'Optimal'),
  'netdata_no-drives.txt': holds({}),
  'pdlist.1.txt': holds({
    drives: { online: 10, 'hot-spare': 2 },
    celsius: [38, 38, 38, 37, 38, 37, 35, 36, 36, 34, 33, 33],
    errors: none,
  }),
  'pdlist.jbod.txt': holds({
    drives: { jbod: 4 },
    celsius: [30, 29, 32, 31],
    errors: { media: 0, other: 8, predictive: 0 },
  }),
})

checkCaptures('hwraid/megasasctl', { 'sample.txt': 'not read: megasasctl' })
