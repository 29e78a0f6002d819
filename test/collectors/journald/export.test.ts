import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ExportEntry, ExportParser } from '../../../collectors/journald/export.ts'
import { entryBytes, type Fields } from './journals.ts'

/** Parses the pieces in order. */
function parse(
  pieces: readonly Buffer[],
  fieldBytes = 1 << 20,
): { entries: ExportEntry[]; errors: string[] } {
  const parser = new ExportParser(fieldBytes)
  const entries = pieces.flatMap((piece) => parser.parse(piece))
  return { entries, errors: parser.takeErrors().map(({ message }) => message) }
}

const plain = (entries: readonly ExportEntry[]) =>
  entries.map(({ fields }) => fields.map(([name, value]) => [name, Buffer.from(value).toString('latin1')]))

const cursor = (index: number): Fields[number] => ['__CURSOR', `s=${index}`]

const awkward: Fields[] = [
  [cursor(1), ['MESSAGE', 'a line'], ['MESSAGE', 'and again'], ['MESSAGE', 'a line']],
  [cursor(2), ['MESSAGE', Buffer.from([0, 1, 0xff, 0xfe, 0x0a, 0x0a])]],
  [cursor(3), ['MESSAGE', '']],
  [cursor(4), ['MESSAGE', Buffer.alloc(0)], ['PRIORITY', '3']],
  [cursor(5)],
  [cursor(6), ['MESSAGE', 'lines\n\n__CURSOR=s=9\n\nof a forger'], ['A', '=']],
  [cursor(7), ['MESSAGE', 'x'.repeat(20_000)], ['BLOB', Buffer.alloc(20_000, 10)], ['LAST', 'ü']],
]
const bytes = Buffer.concat(awkward.map(entryBytes))
const small = Buffer.concat(awkward.slice(0, 6).map(entryBytes))
const expected = awkward.map((fields) =>
  fields.map(([name, value]) => [name, Buffer.from(value).toString('latin1')]),
)

test('export parser keeps any bytes, NUL, empty values, duplicates and their order', () => {
  const { entries, errors } = parse([bytes])
  assert.deepEqual(errors, [])
  assert.deepEqual(plain(entries), expected)
})

test('export parser gives the same wherever the chunks are split', () => {
  const whole = plain(parse([small]).entries)
  assert.ok(small.length > 150)
  for (let at = 1; at < small.length; at++)
    assert.deepEqual(
      plain(parse([small.subarray(0, at), small.subarray(at)]).entries),
      whole,
      `split at ${at}`,
    )
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 20 }), (sizes) => {
      const pieces: Buffer[] = []
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1
        pieces.push(bytes.subarray(at, at + size))
        at += size
      }
      assert.deepEqual(plain(parse(pieces).entries), expected)
    }),
    { numRuns: 50 },
  )
})

test('export parser gives back any fields that were written', () => {
  const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,20}$/)
  const value = fc.oneof(fc.string(), fc.uint8Array({ maxLength: 300 }))
  const entry = fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 5 }), fc.integer({ min: 1, max: 50 }), (entries, size) => {
      const text = Buffer.concat(entries.map(entryBytes))
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
        text.subarray(index * size, (index + 1) * size),
      )
      const found = parse(pieces)
      assert.deepEqual(found.errors, [])
      assert.deepEqual(
        plain(found.entries),
        entries.map((fields) => fields.map(([key, bytes]) => [key, Buffer.from(bytes).toString('latin1')])),
      )
    }),
    { numRuns: 200 },
  )
})

test('export parser cuts a field over the bound and says how long it was, in chunks as well as in one', () => {
  const text = entryBytes([
    cursor(1),
    ['TEXT', 'a'.repeat(50_000)],
    ['BLOB', Buffer.alloc(70_000)],
    ['END', 'z'],
  ])
  for (const size of [text.length, 4096, 7]) {
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
      text.subarray(index * size, (index + 1) * size),
    )
    const [entry, ...more] = parse(pieces, 1000).entries
    assert.equal(more.length, 0)
    assert.deepEqual(
      entry?.fields.map(([name, value]) => [name, value.length]),
      [
        ['__CURSOR', 3],
        ['TEXT', 1000],
        ['BLOB', 1000],
        ['END', 1],
      ],
    )
    assert.deepEqual(entry?.cut, [
      ['TEXT', 50_000],
      ['BLOB', 70_000],
    ])
  }
})

test('export parser keeps little of a field of 256 MiB', () => {
  const parser = new ExportParser(1024)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(256n << 20n)
  parser.parse(Buffer.concat([Buffer.from('__CURSOR=s=1\nCOREDUMP\n'), length]))
  const before = process.memoryUsage().arrayBuffers
  const piece = Buffer.alloc(64 << 10, 'x')
  for (let index = 0; index < 4096; index++) assert.deepEqual(parser.parse(piece), [])
  const grown = process.memoryUsage().arrayBuffers - before
  const [entry] = parser.parse(Buffer.from('\n\n'))
  assert.deepEqual(entry?.cut, [['COREDUMP', 256 << 20]])
  assert.ok(grown < 8 << 20, `${grown} bytes`)
})

test('export parser names what is malformed and goes on with the next entry', () => {
  const good = entryBytes([cursor(2), ['MESSAGE', 'good']])
  const huge = Buffer.concat([Buffer.from('BLOB\n'), Buffer.alloc(8, 0xff), Buffer.from('x\n\n')])
  for (const [bad, message] of [
    [
      Buffer.from('__CURSOR=s=1\nlower=1\n\n'),
      'Cannot parse journal export at byte 13 "lower=1\\n\\n__CURSOR=s=2\\nME": expected a field name of A-Z, 0-9 and _',
    ],
    [
      huge,
      'Cannot parse journal export at byte 0 "BLOB\\nÿÿÿÿÿÿÿÿx\\n\\n__CURSOR": expected a length of at most 805306368',
    ],
    [
      Buffer.from(`${'N'.repeat(65)}=1\n\n`),
      `Cannot parse journal export at byte 0 "${'N'.repeat(24)}": expected a field name of at most 64 bytes`,
    ],
    [
      Buffer.concat([Buffer.from('B\n'), Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('xy\n\n')]),
      'Cannot parse journal export at byte 0 "B\\n\\u0001\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000xy\\n\\n__CURSOR=s": expected a newline after 1 bytes',
    ],
  ] as const) {
    const { entries, errors } = parse([Buffer.concat([bad, good])])
    assert.deepEqual(errors, [message])
    assert.deepEqual(plain(entries), [
      [
        ['__CURSOR', 's=2'],
        ['MESSAGE', 'good'],
      ],
    ])
  }
})

test('export parser leaves out an entry that was left off without its end', () => {
  const good = entryBytes([cursor(2), ['MESSAGE', 'good']])
  const left = Buffer.from('__CURSOR=s=1\nMESSAGE=half of it\n')
  for (const size of [1000, 1, 7]) {
    const text = Buffer.concat([left, good, left])
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
      text.subarray(index * size, (index + 1) * size),
    )
    const parser = new ExportParser(1 << 20)
    const entries = pieces.flatMap((piece) => parser.parse(piece))
    assert.deepEqual(plain(entries), [
      [
        ['__CURSOR', 's=2'],
        ['MESSAGE', 'good'],
      ],
    ])
    assert.deepEqual(
      parser.takeErrors().map(({ message }) => message.replace(/"__CURSOR.*"/, '"…"')),
      ['Cannot parse journal export at byte 32 "…": expected the rest of the entry before'],
    )
    assert.equal(parser.openCursor, 's=1')
  }
})

test('export parser never throws, whatever byte is changed or lost', () => {
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return seed % below
  }
  for (let run = 0; run < 3000; run++) {
    const text = Buffer.from(small)
    for (let change = 0; change <= run % 3; change++) text[random(text.length)] = random(256)
    const cut = run % 5 === 0 ? text.subarray(random(text.length)) : text
    const at = random(cut.length)
    const { entries } = parse([cut.subarray(0, at), cut.subarray(at)])
    assert.ok(entries.length <= 20)
  }
})
