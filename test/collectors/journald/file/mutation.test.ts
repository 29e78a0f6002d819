/** Journal files with flipped bits, zeroed pages, overwritten words and lost ends: nothing wrong is ever given out. */
import assert from 'node:assert/strict'
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { OpenJournal } from '../../../../collectors/journald/file/open-journal.ts'
import { ParseError } from '../../../../src/errors.ts'
import { boot, exportText } from '../journals.ts'
import { mutationSeed, random, mutations as runs } from '../mutations.ts'
import { folder, layouts, makeFile, readFile, type Shown, shown } from './made.ts'

const entries = 150
const begin = 1_700_000_000_000_000

/**
 * Damages the header or what is behind the hash tables, which no reader of entries needs.
 * @returns the length that is left
 */
function mutate(bytes: Buffer, from: number, next: (below: number) => number): number {
  const kind = next(5)
  if (kind === 0) return from + next(bytes.length - from)
  for (let times = next(6) + 1; times > 0; times--) {
    const at = next(10) === 0 ? next(272) : from + next(bytes.length - from)
    if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << next(8))
    else if (kind === 2) bytes.subarray(at - (at % 4096), at - (at % 4096) + 4096).fill(0)
    else if (kind === 3) bytes.writeUInt32LE(next(2 ** 32), Math.min(at - (at % 8), bytes.length - 4))
    else bytes.subarray(at, at + next(200)).fill(next(256))
  }
  return bytes.length
}

const text = exportText(
  boot('1'.repeat(32), begin, entries, (index) => [
    ['MESSAGE', `line ${index}`],
    ['PRIORITY', String(index % 8)],
    ['_BOOT_ID', '1'.repeat(32)],
    ['LONG', `${index % 40} packs well. `.repeat(50)],
  ]),
)

/** No hash covers an entry's times. */
function withoutTimes(entry: Shown | undefined): Shown | undefined {
  return entry?.slice(3)
}

for (const layout of layouts)
  test(`a damaged journal file gives out nothing wrong, and most of what is left (${JSON.stringify(layout)})`, async (t) => {
    const path = join(await folder(t), 'system.journal')
    await makeFile(path, text, layout)
    const file = readFileSync(path)
    const original = file.subarray(0, Number(file.readBigUInt64LE(136)) + 4096)
    // Tables of hashes come first: of data at 104 and of fields at 120, with their lengths.
    const from = Math.max(
      ...[104, 120].map((at) => Number(file.readBigUInt64LE(at) + file.readBigUInt64LE(at + 8))),
    )
    const whole = readFile(path).entries
    assert.equal(whole.length, entries)
    const damaged = Buffer.from(original)
    const next = random(mutationSeed + layouts.indexOf(layout) + 1)
    const descriptor = openSync(path, 'r+')
    t.after(() => closeSync(descriptor))
    let refused = 0
    let delivered = 0
    let misnumbered = 0
    for (let run = 0; run < runs; run++) {
      original.copy(damaged)
      const length = mutate(damaged, from, next)
      ftruncateSync(descriptor, length)
      writeSync(descriptor, damaged, 0, 272, 0)
      writeSync(descriptor, damaged, from, length - from, from)
      let last = 0
      try {
        using read = new OpenJournal(path, 1 << 20)
        for (let entry = read.peek(); entry; entry = read.peek()) {
          read.take()
          assert.ok(
            entry.seqnum > last && entry.seqnum <= entries,
            `seed ${mutationSeed} run ${run}: ${entry.seqnum} after ${last}`,
          )
          last = entry.seqnum
          delivered += 1
          const found = withoutTimes(shown(entry, read.header))
          // Nor its number: where that is damaged and what could tell it from the true one is too, it may be wrong.
          const number = Number(original.readBigUInt64LE(entry.offset + 16))
          if (number !== entry.seqnum) {
            misnumbered += 1
            assert.notEqual(damaged.readBigUInt64LE(entry.offset + 16), BigInt(number))
          }
          assert.deepEqual(found, withoutTimes(whole[number - 1]), `seed ${mutationSeed} run ${run}`)
        }
      } catch (error) {
        if (!(error instanceof ParseError)) throw error
        refused += 1
      }
    }
    assert.ok(refused < runs / 2, `${refused} refused`)
    assert.ok(delivered > (runs * entries) / 3, `${delivered} delivered`)
    assert.ok(misnumbered <= runs / 1000, `${misnumbered} misnumbered`)
    t.diagnostic(
      `seed ${mutationSeed}: ${delivered} of ${runs * entries} entries, ${misnumbered} misnumbered, ${refused} files refused`,
    )
  })
