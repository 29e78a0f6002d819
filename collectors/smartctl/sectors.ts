/**
 * Sectors that an ATA drive cannot read, as its own attributes count them: those it will try again (197), and those it
 * found lost on its own (198). smartd watches the same two.
 * @see smartd.conf(5), directives -C and -U
 */
import type { Judgement } from '../../src/nvme-health.ts'
import { countAt, type JsonObject, objectsAt, textAt } from '../../src/tool-json.ts'

/** Some makers have these numbers for something else: by the name, too. */
const counted = [
  { id: 197, name: /pending/i, what: 'pending_sectors', words: 'waiting to be read again or written' },
  { id: 198, name: /uncorrect/i, what: 'uncorrectable_sectors', words: 'that it could not read' },
] as const

const mostAttributes = 64

/** The kernel's sectors of the largest drives fit; makers that pack other things into the number go beyond. */
const mostSectors = 2 ** 32 - 1

/** @returns a judgement for each count the drive has, healthy at 0 */
export function judgeSectors(json: JsonObject): Judgement[] {
  const rows = objectsAt(json, mostAttributes, 'ata_smart_attributes', 'table')
  return counted.flatMap(({ id, name, what, words }): Judgement[] => {
    const row = rows.find((one) => countAt(one, 'id') === id && name.test(textAt(one, 'name') ?? ''))
    const count = row && countAt(row, 'raw', 'value')
    if (count === undefined || !Number.isInteger(count) || count > mostSectors) return []
    const healthy = count === 0
    return [
      {
        what,
        state: String(count),
        healthy,
        severity: 17,
        words: healthy ? `has no sectors ${words}` : `has ${count} sectors ${words}`,
        attributes: { sectors: String(count) },
      },
    ]
  })
}
