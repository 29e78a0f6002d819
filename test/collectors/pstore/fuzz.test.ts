import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { crashes, panicLine } from '../../../collectors/pstore/crash.ts'
import { decode } from '../../../collectors/pstore/decode.ts'
import { decodeLz4Block } from '../../../collectors/pstore/lz4.ts'
import { parseName } from '../../../collectors/pstore/name.ts'
import { recordsOf } from '../../../collectors/pstore/records.ts'
import { ParseError } from '../../../src/errors.ts'

test('pstore names: whatever the text, a name or a ParseError', () => {
  const names = fc.oneof(
    fc.string(),
    fc.stringMatching(/^(dmesg|console|mce)-[a-z_-]{0,9}-[0-9]{0,25}(\.enc\.z)?$/),
  )
  fc.assert(
    fc.property(names, (name) => {
      try {
        assert.ok(parseName(name).id >= 0n)
      } catch (error) {
        assert.ok(error instanceof ParseError, String(error))
      }
    }),
    { numRuns: 2000 },
  )
  for (const name of ['dmesg-erst-7640891576956026881', 'dmesg-efi_pstore-1.enc.z', 'powerpc-ofw-nvram-3'])
    assert.equal(parseName(name).name, name)
  assert.equal(parseName('mce-erst-5').backend, 'erst')
})

test('pstore: whatever the bytes of its files, every byte of text is in a bounded record', () => {
  const names = [
    'dmesg-erst-5',
    'dmesg-erst-6',
    'dmesg-efi-176401234501001',
    'dmesg-ramoops-0.enc.z',
    'pmsg-ramoops-0',
  ]
  const heads = fc.constantFrom(
    '',
    'Panic#1 Part1\n',
    'Oops#2 Part2\n',
    'Panic: Total 4 times\n',
    'Panic#1 Part999999999\n',
  )
  const file = fc.tuple(fc.constantFrom(...names), heads, fc.uint8Array({ maxLength: 40_000, size: 'max' }))
  fc.assert(
    fc.property(fc.uniqueArray(file, { selector: ([name]) => name, maxLength: 5 }), (files) => {
      const found = crashes(
        files.map(([name, head, bytes]) => ({
          ...parseName(name),
          bytes: Buffer.concat([Buffer.from(head), bytes]),
          modified: 1000,
        })),
      )
      assert.equal(found.flatMap((crash) => crash.files).length, files.length)
      for (const crash of found) {
        const records = recordsOf(crash, 1n)
        assert.equal(new Set(records.map(({ id }) => id)).size, records.length)
        const dump = records.slice(1).flatMap(({ fields }) => fields.filter(([name]) => name === 'body'))
        for (const [, value] of dump) assert.ok(value.length <= 16 << 10)
        if (crash.packed.length === 0)
          assert.ok(Buffer.concat(dump.map(([, value]) => value)).equals(crash.text))
        panicLine(crash.text)
      }
    }),
    { numRuns: 60 },
  )
})

test('pstore: whatever is packed, unpacking ends in text or nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      decode(bytes)
      try {
        decodeLz4Block(bytes, 10_000)
      } catch (error) {
        assert.ok(error instanceof ParseError, String(error))
      }
    }),
    { numRuns: 500 },
  )
  const half = deflateRawSync(`${'<6>[    1.5] a line of the kernel\n'.repeat(500)}`).subarray(0, 60)
  assert.match(decode(half)?.toString() ?? '', /^<6>\[ {4}1\.5\] a line/, 'what there is of a torn one')
})
