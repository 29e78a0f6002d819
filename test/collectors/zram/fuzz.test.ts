import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { fills, growthOf, parseMemAvailable, ratioOf } from '../../../collectors/zram/fill.ts'
import { layouts, parseAlgorithm, parseColumns, parseCount } from '../../../collectors/zram/statistics.ts'
import { parseSwaps } from '../../../src/device-uses.ts'
import { ParseError } from '../../../src/errors.ts'
import { machine } from './machine.ts'

const { folder } = machine('linux-6.18')
const zram2 = (name: string) => readFile(join(folder, 'sys/block/zram2', name), 'utf8')

/** A text with a stretch of it replaced: torn, doubled, garbled. */
function mutated(text: string) {
  const junk = fc.oneof(
    fc.string({ maxLength: 5 }),
    fc.constantFrom('-', ' ', '\n', '-1', 'NaN', '1e9', '0x10', '18446744073709551615', '.5', '\0', '٣', ''),
  )
  return fc
    .tuple(fc.nat(text.length), fc.nat(12), junk)
    .map(([from, cut, put]) => text.slice(0, from) + put + text.slice(from + cut))
}

/** A parser, on mutations of a good text: it gives whole numbers that count something, or a ParseError. */
function survives(text: string, parse: (text: string) => Iterable<number>) {
  let parsed = 0
  let refused = 0
  fc.assert(
    fc.property(
      fc.oneof({ weight: 9, arbitrary: mutated(text) }, { weight: 1, arbitrary: fc.string() }),
      (given) => {
        let values: number[]
        try {
          values = [...parse(given)]
        } catch (error) {
          assert.ok(error instanceof ParseError, String(error))
          refused++
          return
        }
        for (const value of values)
          assert.ok(Number.isSafeInteger(value) && value >= 0, `${value} from "${given}"`)
        parsed++
      },
    ),
    { numRuns: 400 },
  )
  assert.ok(parsed > 0 && refused > 0, `${parsed} parsed, ${refused} refused`)
}

for (const name of ['mm_stat', 'io_stat', 'stat'] as const) {
  const text = await zram2(name)
  test(`zram ${name} that is torn or garbled gives counts or a ParseError`, () => {
    survives(text, (given) => parseColumns(name, given, layouts[name]).values())
  })
}

test('zram bd_stat that is torn or garbled gives counts or a ParseError', () => {
  survives('    2048      310     4096\n', (given) =>
    parseColumns('bd_stat', given, layouts.bd_stat).values(),
  )
})

test('zram single files that are torn or garbled give a count or a ParseError', () => {
  survives('601849856\n', (given) => [parseCount('orig_data_size', given)])
})

test('zram comp_algorithm that is torn or garbled gives one name or a ParseError', () => {
  survives('lzo-rle lzo [lz4] zstd\n', (given) => {
    assert.match(parseAlgorithm('comp_algorithm', given), /^[^\s[\]]+$/)
    return []
  })
})

test('meminfo that is torn or garbled gives bytes, nothing or a ParseError', () => {
  survives('MemTotal: 2050300 kB\nMemAvailable:     716800 kB\nBuffers: 1 kB\n', (given) => {
    const bytes = parseMemAvailable(given)
    return bytes === undefined ? [] : [bytes]
  })
})

test('swaps that are torn or garbled give absolute paths or a ParseError', () => {
  survives('Filename\tType\tSize\tUsed\tPriority\n/dev/zram0 partition\t4194300\t0\t100\n', (given) => {
    for (const path of parseSwaps(given)) assert.ok(path.startsWith('/'), path)
    return []
  })
})

test('zram ratios of any counts are numbers that are not negative', () => {
  const count = fc.oneof(fc.constant(0), fc.nat(), fc.maxSafeNat())
  fc.assert(
    fc.property(
      fc.array(count, { minLength: 9, maxLength: 9 }),
      fc.option(count, { nil: undefined }),
      (counts, memory) => {
        const statistics = parseColumns('mm_stat', counts.join(' '), layouts.mm_stat)
        const growth = growthOf(statistics, memory)
        const ratios = fills(statistics, memory, []).map(ratioOf)
        for (const ratio of growth === undefined ? ratios : [...ratios, growth])
          assert.ok(Number.isFinite(ratio) && ratio >= 0, String(ratio))
      },
    ),
    { numRuns: 300 },
  )
})
