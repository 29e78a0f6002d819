/** Real outputs of sas2ircu, sas3ircu and mpt-status, each read as the eye reads it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { parseIrcuDisplay, parseIrcuList, parseIrcuStatus } from '../../../../collectors/raid/lsi/ircu.ts'
import { ircuParts } from '../../../../collectors/raid/lsi/ircu-parts.ts'
import { parseMpt, parseMptProbe } from '../../../../collectors/raid/lsi/mpt.ts'
import { mptParts } from '../../../../collectors/raid/lsi/mpt-parts.ts'
import type { RaidPart } from '../../../../collectors/raid/report.ts'
import { checkCaptures } from '../../../captures.ts'
import { nothing, type Tally, tallyOf } from '../tally.ts'

const text = (path: string) => readFileSync(path, 'utf8')
const thrown = (error: Error) => {
  throw error
}
const display = (path: string): RaidPart[] =>
  ircuParts('sas2:0', parseIrcuDisplay(text(path), thrown), new Map())
const mpt = (path: string): RaidPart[] => mptParts('mpt:0', [parseMpt(text(path))])
const holds = (parts: readonly RaidPart[], expected: Partial<Tally>) =>
  assert.deepEqual(tallyOf(parts), { ...nothing, ...expected })
const drives = (parts: readonly RaidPart[]) => parts.filter((part) => part.kind === 'drive')

checkCaptures('hba/sas2ircu', {
  'canonical_display_has_volume.txt': (path) => {
    const parts = display(path)
    holds(parts, {
      controllers: ['sas2:0 optimal'],
      arrays: { optimal: ['sas2:0:286 raid1'] },
      drives: { online: 2 },
    })
    const [card, volume] = parts
    assert.ok(card?.kind === 'controller' && volume?.kind === 'array')
    assert.deepEqual([card.model, card.firmware], ['SAS2008', '7.15.08.00'])
    assert.deepEqual([volume.driveCount, volume.sizeBytes], [2, 139236 * 2 ** 20])
    assert.deepEqual(
      drives(parts).map((one) => [one.enclosure, one.slot, one.array, one.model, one.serial, one.sizeBytes]),
      [
        ['1', '0', '286', 'ST9500620NS', '9XF3RK3W', 476940 * 2 ** 20],
        ['1', '1', '286', 'ST9500620NS', '9XF3QNC7', 476940 * 2 ** 20],
      ],
    )
    assert.deepEqual([drives(parts)[0]?.interface, drives(parts)[0]?.media], ['sata', 'hdd'])
  },
  'canonical_list.txt': (path) => assert.deepEqual(parseIrcuList(text(path)), ['0', '1']),
  'pr71_display.txt': (path) => {
    const parts = display(path)
    holds(parts, { controllers: ['sas2:0 optimal'], drives: { jbod: 12 } })
    assert.deepEqual(
      drives(parts).map(({ enclosure, slot }) => `${enclosure}:${slot}`),
      Array.from({ length: 12 }, (_, slot) => `2:${slot}`),
    )
    assert.deepEqual(
      [drives(parts)[11]?.serial, drives(parts)[11]?.firmware, drives(parts)[11]?.sizeBytes],
      ['S30081T3', 'CC52', 3815447 * 2 ** 20],
    )
  },
  'pr71_list.txt': (path) => assert.deepEqual(parseIrcuList(text(path)), ['0']),
  'pr71_status.txt': (path) => assert.equal(parseIrcuStatus(text(path)).size, 0, 'no volumes, no error'),
})

checkCaptures('hba/sas3ircu', {
  'canonical_display_no_volume.txt': (path) => {
    const parts = display(path)
    holds(parts, { controllers: ['sas2:0 optimal'], drives: { jbod: 2 } })
    assert.deepEqual(
      drives(parts).map((one) => [one.enclosure, one.slot, one.serial, one.media, one.firmware]),
      [
        ['1', '0', 'BNA7N5994ICB47T3V', 'ssd', 'DZ00'],
        ['1', '1', 'BNA7N5994ICB47T3S', 'ssd', 'DZ00'],
      ],
    )
  },
})

checkCaptures('hba/mpt-status', {
  'mpt-status.txt': (path) => {
    const parts = mpt(path)
    holds(parts, {
      controllers: ['mpt:0 optimal'],
      arrays: { optimal: ['mpt:0:0 raid1'] },
      drives: { online: 2 },
    })
    assert.deepEqual(
      drives(parts).map(({ slot, array, model, firmware, sizeBytes }) => [
        slot,
        array,
        model,
        firmware,
        sizeBytes,
      ]),
      ['0', '1'].map((slot) => [slot, '0', 'IBM-ESXS PYH146C3-ETS10FN', 'RXQN', 136 * 2 ** 30]),
    )
  },
  // In spite of its name the search found a volume.
  'pr36_no-controller.txt': (path) => assert.deepEqual(parseMptProbe(text(path)), ['1']),
  'syncing-n.txt': (path) => {
    const parts = mpt(path)
    holds(parts, {
      controllers: ['mpt:0 optimal'],
      arrays: { rebuilding: ['mpt:0:0 raid1'] },
      drives: { online: 1, rebuilding: 1 },
    })
    const [, volume, , behind] = parts
    assert.deepEqual(volume?.tasks, [{ operation: 'rebuild', ratio: 0.7 }])
    assert.ok(behind?.kind === 'drive')
    assert.deepEqual([behind.smartAlert, behind.status.word], [true, 'ONLINE, OUT_OF_SYNC'])
    assert.deepEqual([behind.model, behind.firmware], ['MAXTOR ATLAS10K4_73SCA', 'DFV0'])
  },
})
