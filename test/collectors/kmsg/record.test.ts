import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { recordMaker } from '../../../collectors/kmsg/fields.ts'
import { type KmsgRecord, parseRecord, unescaped } from '../../../collectors/kmsg/record.ts'
import { ParseError } from '../../../src/errors.ts'
import { view } from '../../../src/view.ts'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

function plain(record: KmsgRecord) {
  return {
    ...record,
    text: text(record.text),
    dictionary: record.dictionary.map(([key, value]) => [key, text(value)]),
  }
}

test('kmsg record: priority, facility, numbers, text and dictionary', () => {
  const bytes = Buffer.from(
    '3,1204,88120455,-,caller=C3;ata4.00: failed command: READ DMA\n SUBSYSTEM=scsi\n DEVICE=+scsi:3:0:0:0\n',
  )
  assert.deepEqual(plain(parseRecord(bytes)), {
    priority: 3,
    facility: 0,
    sequence: 1204,
    microseconds: 88120455,
    flags: '-',
    words: [['caller', 'C3']],
    text: 'ata4.00: failed command: READ DMA',
    dictionary: [
      ['SUBSYSTEM', 'scsi'],
      ['DEVICE', '+scsi:3:0:0:0'],
    ],
  })
})

test('kmsg record: user space may write with any facility', () => {
  const { priority, facility } = parseRecord(Buffer.from('30,7,1,-;dracut: mounted\n'))
  assert.deepEqual([priority, facility], [6, 3])
})

test('kmsg record: escaped bytes are what they were, other backslashes stay', () => {
  const record = parseRecord(Buffer.from('6,7,1,-;a\\x0ab \\xc3\\xA9 \\x5c \\xg1 \\x1\n KEY=\\x00\\\n'))
  assert.equal(text(record.text), 'a\nb \xc3\xa9 \\ \\xg1 \\x1')
  assert.deepEqual(plain(record).dictionary, [['KEY', '\0\\']])
})

test('kmsg record: a fragment of a line, an empty text, and lines that are no field', () => {
  const fragment = parseRecord(Buffer.from('4,9,12,c;Mounting root: '))
  assert.deepEqual([fragment.flags, text(fragment.text)], ['c', 'Mounting root: '])
  assert.equal(text(parseRecord(Buffer.from('4,9,12,-;\n')).text), '')
  const odd = parseRecord(Buffer.from('4,9,12,-;x\nno space=1\n lower=2\n KEY\n =3\n\n A=\n'))
  assert.deepEqual(plain(odd).dictionary, [
    ['LINE', 'no space=1'],
    ['LINE', ' lower=2'],
    ['LINE', ' KEY'],
    ['LINE', ' =3'],
    ['A', ''],
  ])
})

test('kmsg record: words that later kernels add are kept', () => {
  const record = parseRecord(Buffer.from('6,7,1,-,caller=T1,cpu=3,odd;x\n'))
  assert.deepEqual(record.words, [
    ['caller', 'T1'],
    ['cpu', '3'],
    ['odd', ''],
  ])
})

const bad = {
  'an empty record': '',
  'no semicolon': '6,1,2,-',
  'a word for a number': '6,one,2,-;x',
  'a negative sequence': '6,-1,2,-;x',
  'no flags': '6,1,2;x',
  'a sequence beyond 2^53': '6,9999999999999999,2,-;x',
  'a head without end': `6,1,2,-,${'a'.repeat(5000)};x`,
  'a line of dmesg': '[    0.000000] Linux version 6.1',
}
for (const [what, line] of Object.entries(bad)) {
  test(`kmsg record: ${what} is a ParseError that quotes it`, () => {
    assert.throws(() => parseRecord(Buffer.from(line)), {
      name: 'ParseError',
      message: /kmsg record ".*priority,sequence/,
    })
  })
}

test('kmsg record: whatever the bytes, a record of whole numbers or a ParseError', () => {
  const heads = fc.constantFrom('', '6,1,2,-;', '4,77,1000,c;', '6,1,2,-,caller=T9;', '6,1,')
  let parsed = 0
  fc.assert(
    fc.property(heads, fc.uint8Array({ maxLength: 300 }), (head, bytes) => {
      try {
        const { priority, facility, sequence, microseconds } = parseRecord(
          Buffer.concat([Buffer.from(head), bytes]),
        )
        parsed += 1
        assert.ok(priority >= 0 && priority <= 7)
        for (const number of [facility, sequence, microseconds])
          assert.ok(Number.isSafeInteger(number) && number >= 0)
      } catch (error) {
        assert.ok(error instanceof ParseError, String(error))
      }
    }),
    { numRuns: 2000 },
  )
  assert.ok(parsed > 500, `${parsed} parsed`)
})

test('kmsg record: what the kernel escapes is unescaped to the same bytes', () => {
  const escaped = (bytes: Uint8Array) =>
    [...bytes]
      .map((byte) =>
        byte < 0x20 || byte >= 0x7f || byte === 0x5c
          ? `\\x${byte.toString(16).padStart(2, '0')}`
          : String.fromCharCode(byte),
      )
      .join('')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.deepEqual([...unescaped(Buffer.from(escaped(bytes)))], [...bytes])
    }),
  )
})

test('kmsg fields: the names that journald gives, seen the same way', () => {
  const make = recordMaker('0123456789abcdef0123456789abcdef')
  const bytes = Buffer.from('4,12,5000,c,caller=T12;md0: \\xff degraded\n SUBSYSTEM=block\n')
  const record = make(parseRecord(bytes), 7_000n, 9_000n)
  assert.equal(record.id, '0123456789abcdef0123456789abcdef:12')
  assert.equal(record.stream, '0123456789abcdef0123456789abcdef')
  assert.deepEqual(
    record.fields.map(([name, value]) => `${name}=${text(value)}`),
    [
      '__MONOTONIC_TIMESTAMP=5000',
      '_BOOT_ID=0123456789abcdef0123456789abcdef',
      '_TRANSPORT=kernel',
      'PRIORITY=4',
      'SYSLOG_FACILITY=0',
      'SYSLOG_IDENTIFIER=kernel',
      '_SOURCE_MONOTONIC_TIMESTAMP=5000',
      'MESSAGE=md0: \xff degraded',
      '_KERNEL_SUBSYSTEM=block',
      'KMSG_FLAGS=c',
      'KMSG_CALLER=T12',
    ],
  )
  const seen = view('kmsg', record)
  assert.equal(seen.severityText, 'warning')
  assert.equal(seen.body, 'md0: \ufffd degraded')
  assert.deepEqual(
    seen.attributes.filter(({ name }) => name.startsWith('kmsg.')),
    [
      { name: 'kmsg.flags', value: 'c' },
      { name: 'kmsg.caller', value: 'T12' },
    ],
  )
})
