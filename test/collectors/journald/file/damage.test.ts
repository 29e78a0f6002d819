/** Damage that the entry's own hash does not show: a field that was given twice, and the number. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { OpenJournal } from '../../../../collectors/journald/file/open-journal.ts'
import { boot, exportText, type Fields } from '../journals.ts'
import { folder, layouts, makeFile, plain } from './made.ts'

const begin = 1_700_000_000_000_000

/** Offsets of what a file of ten such entries has, and of each whole entry its number and its messages. */
async function made(t: TestContext, fields: (index: number) => Fields, layout = plain) {
  const path = join(await folder(t), 'system.journal')
  await makeFile(path, exportText(boot('3'.repeat(32), begin, 10, fields)), layout)
  const bytes = readFileSync(path)
  const read = () => {
    writeFileSync(path, bytes)
    using file = new OpenJournal(path, 1 << 20)
    const found: { seqnum: number; offset: number; messages: string[] }[] = []
    for (let entry = file.peek(); entry; entry = file.peek()) {
      const messages = entry.data
        .map(({ field: [name, value] }) => `${name}=${Buffer.from(value)}`)
        .filter((text) => text.startsWith('MESSAGE='))
      found.push({ seqnum: entry.seqnum, offset: entry.offset, messages })
      file.take()
    }
    return { found, damaged: file.damaged }
  }
  return { bytes, read }
}

for (const layout of layouts)
  test(`a damaged field that its entry was given twice is not given out (${JSON.stringify(layout)})`, async (t) => {
    const { bytes, read } = await made(
      t,
      (index) => [
        ['MESSAGE', `line ${index}`],
        ['TWICE', `here is ${index}`],
        ['TWICE', `here is ${index}`],
      ],
      layout,
    )
    assert.deepEqual({ ...read(), found: read().found.length }, { found: 10, damaged: 0 })
    const at = bytes.indexOf('TWICE=here is 4')
    bytes.write('TWICE=here is X', at)
    const { found, damaged } = read()
    assert.deepEqual([found.map(({ seqnum }) => seqnum), damaged], [[1, 2, 3, 4, 6, 7, 8, 9, 10], 1])
  })

test('a damaged number is not given out, although it is higher than that before and lower than that behind', async (t) => {
  const { bytes, read } = await made(t, (index) => [['MESSAGE', `line ${index}`]])
  const { found } = read()
  const offsetOf = (seqnum: number) => found[seqnum - 1]?.offset ?? 0
  // Between them no entry is whole, so order alone says nothing of the next one's number.
  for (const seqnum of [3, 4])
    bytes.write(`MESSAGE=LINE ${seqnum - 1}`, bytes.indexOf(`MESSAGE=line ${seqnum - 1}`))
  assert.deepEqual(
    read().found.map(({ seqnum }) => seqnum),
    [1, 2, 5, 6, 7, 8, 9, 10],
  )
  bytes.writeBigUInt64LE(3n, offsetOf(5) + 16)
  assert.deepEqual([read().found.map(({ seqnum }) => seqnum), read().damaged], [[1, 2, 6, 7, 8, 9, 10], 3])
})
