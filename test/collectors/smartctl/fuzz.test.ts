/** Output that is torn, garbled or cut at any line gives numbers that can be true, or a ParseError, in bounded time. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { driveSamples, parseList, parseSmartLog } from '../../../collectors/nvme/cli.ts'
import { batchOf } from '../../../collectors/smartctl/records.ts'
import { parseReport } from '../../../collectors/smartctl/report.ts'
import { samplesOf } from '../../../collectors/smartctl/samples.ts'
import { parseScan } from '../../../collectors/smartctl/scan.ts'
import { statesOf } from '../../../collectors/smartctl/states.ts'
import { ParseError } from '../../../src/errors.ts'
import { type Sample, seriesKey } from '../../../src/model.ts'
import { binaryText } from '../../binary-text.ts'
import { fixtures, sda } from './drives.ts'

const captures = process.env.REMORA_CAPTURES ?? join(import.meta.dirname, '../../../../shared/captures')

function texts(...folders: string[]): { name: string; text: string }[] {
  return folders.flatMap((folder) => {
    try {
      return readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))
    } catch {
      return [] // Captures are not everywhere.
    }
  })
}

const drivesTexts = texts(join(fixtures, 'smartctl/smartctl-7.3'), join(captures, 'smart/smartctl-json'))
const cliTexts = texts(
  join(fixtures, 'nvme/nvme-cli-2.3'),
  join(fixtures, 'nvme/nvme-cli-2.11'),
  join(captures, 'smart/nvme-cli'),
)

/** Samples that a collector may yield: each series once, no NaN, no counter below zero. */
function checkSamples(samples: Iterable<Sample>): void {
  const seen = new Set<string>()
  for (const { metric, value, labels } of samples) {
    const key = seriesKey(metric.name, labels)
    assert.ok(!seen.has(key), `${key} twice`)
    seen.add(key)
    assert.ok(Number.isFinite(value), key)
    if (metric.type === 'counter') assert.ok(value >= 0, `${key} ${value}`)
    for (const [name, label] of Object.entries(labels)) {
      assert.ok(metric.labels.includes(name), `${key} has ${name}`)
      assert.equal(typeof label, 'string')
    }
  }
  assert.ok(seen.size < 4000, `${seen.size} series`)
}

function everything(text: string): void {
  parseScan(text, () => undefined)
  const report = parseReport(sda, text, 0)
  checkSamples(samplesOf(report))
  for (const { part, state, attributes } of statesOf(report, () => 'unknown')) {
    assert.ok(part.length > 0 && state.length > 0)
    // A device's state is the serial number or the name of its drive: any text at all.
    const words = part.startsWith('device:') ? [] : [state]
    for (const number of [...words, attributes.celsius, attributes.spare_percent, attributes.value])
      assert.doesNotMatch(number ?? '', /^(?:NaN|undefined|Infinity)$/)
  }
  const batch = batchOf(report, undefined, 86400, 1n)
  const again = batchOf(report, batch?.positions[0]?.position, 86400, 1n)
  assert.equal(again, undefined, 'the same log read twice')
  const ids = batch?.records.map(({ id }) => id) ?? []
  assert.equal(new Set(ids).size, ids.length)
  for (const count of Object.values(batch?.missed ?? {})) assert.ok(Number.isSafeInteger(count) && count > 0)
}

function cli(text: string): void {
  const parsers = [
    () => parseList(text).flatMap((drive) => [...driveSamples(drive)]),
    () =>
      [...parseSmartLog('nvme smart-log', text)].map(([metric, value]) => ({ metric, value, labels: {} })),
  ]
  let refused = 0
  for (const parse of parsers)
    try {
      checkSamples(parse())
    } catch (error) {
      if (!(error instanceof ParseError)) throw error
      refused += 1
    }
  if (refused === parsers.length) throw new ParseError('neither')
}

/** @returns whether it was parsed */
function survives(parse: (text: string) => void, text: string): boolean {
  try {
    parse(text)
    return true
  } catch (error) {
    assert.ok(
      error instanceof ParseError,
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    )
    return false
  }
}

const junk = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.constantFrom(
    '',
    ...['-1', 'NaN', '1e999', '-', '"', '{', '}', '[', ']', 'null', 'true', '\0', '"NaN"', '"-5"'],
    ...['18446744073709551615', '340282366920938463463374607431768211455', '4294967295', '0.5', '[]', '{}'],
  ),
)

/** One value of the JSON in the place of another: still JSON, no longer what the format promises. */
function swapped(text: string) {
  const values = [...text.matchAll(/: ("[^"\n]*"|-?\d+(?:\.\d+)?|true|false|null)/g)]
  return fc.tuple(fc.nat(Math.max(0, values.length - 1)), junk).map(([index, put]) => {
    const found = values[index]
    if (found === undefined) return text
    return `${text.slice(0, found.index)}: ${put}${text.slice(found.index + found[0].length)}`
  })
}

function torn(text: string) {
  return fc
    .tuple(fc.nat(text.length), fc.nat(40), junk)
    .map(([from, cut, put]) => text.slice(0, from) + put + text.slice(from + cut))
}

for (const [what, all, parse] of [
  ['smartctl', drivesTexts, everything],
  ['nvme-cli', cliTexts, cli],
] as const) {
  test(`${what} output with a value or a stretch replaced gives true numbers or a ParseError`, () => {
    assert.ok(all.length >= 4)
    let parsed = 0
    let refused = 0
    for (const { text } of all)
      fc.assert(
        fc.property(fc.oneof(swapped(text), torn(text)), (given) => {
          if (survives(parse, given)) parsed += 1
          else refused += 1
        }),
        { numRuns: 120 },
      )
    assert.ok(parsed > 100 && refused > 100, `${parsed} parsed, ${refused} refused`)
    console.log(`${what}: ${all.length} outputs, ${parsed} mutants parsed, ${refused} refused`)
  })

  test(`${what} output that ends at any line gives true numbers or a ParseError`, () => {
    let cuts = 0
    for (const { text } of all) {
      const lines = text.split('\n')
      const step = Math.max(1, Math.floor(lines.length / 150))
      for (let line = 0; line < lines.length; line += step) {
        survives(parse, lines.slice(0, line).join('\n'))
        cuts += 1
      }
    }
    assert.ok(cuts > 100, `${cuts} cuts`)
  })

  test(`${what} output of any kind gives true numbers or a ParseError`, () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), binaryText()), (given) => {
        survives(parse, given)
      }),
      { numRuns: 500 },
    )
    for (const huge of [
      '['.repeat(1e6),
      '{"a":'.repeat(1e6),
      '{\n'.repeat(1e6),
      `{"a":"${'x'.repeat(4e6)}"}`,
    ])
      survives(parse, huge)
  })
}
