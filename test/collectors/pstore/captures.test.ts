import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { crashes, panicLine } from '../../../collectors/pstore/crash.ts'
import { parseName } from '../../../collectors/pstore/name.ts'
import { recordsOf } from '../../../collectors/pstore/records.ts'
import { checkCaptures } from '../../captures.ts'

const file = (name: string, text: string) => ({
  ...parseName(name),
  bytes: Buffer.from(text),
  modified: 1000,
})

checkCaptures('logs/pstore', {
  'gpud_dmesg-erst.txt': (path) => {
    const [crash, ...more] = crashes([file('dmesg-erst-7711162971610677249', readFileSync(path, 'latin1'))])
    assert.deepEqual(more, [])
    assert.match(
      panicLine(crash?.text ?? Buffer.alloc(0)) ?? '',
      /^BUG: unable to handle kernel NULL pointer/,
    )
    assert.equal(crash && recordsOf(crash, 1n).length, 2)
  },
})

test('pstore: the two ERST parts of a real panic are one crash, the older lines first', (t) => {
  const folder = process.env.REMORA_CAPTURES ?? join(import.meta.dirname, '../../../../shared/captures')
  const capture = join(folder, 'lab/pstore.txt')
  if (!existsSync(capture)) return t.diagnostic('no captures here: nothing checked')
  const sections = readFileSync(capture, 'latin1').split(/== \/var\/lib\/systemd\/pstore\/\d+\//)
  const parts = sections
    .filter((section) => /^dmesg-erst-\d+\n/.test(section))
    .map((section) => file(section.slice(0, section.indexOf('\n')), section.slice(section.indexOf('\n') + 1)))
  assert.equal(parts.length, 2)
  const found = crashes(parts)
  assert.equal(found.length, 1)
  assert.deepEqual([found[0]?.reason, found[0]?.count, found[0]?.parts], ['Panic', 1, [2, 1]])
  assert.match(found[0]?.text.toString() ?? '', /^Panic#1 Part2\n.*Panic#1 Part1\n/s)
})
