/** Parsers on what no tool should print: cut, mangled, binary and huge texts. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { ParseError, ToolError } from '../../../src/errors.ts'
import { binaryText } from '../../binary-text.ts'

/** A text of test/fixtures/raid. */
export function fixture(path: string): string {
  return readFileSync(join(import.meta.dirname, '../../fixtures/raid', path), 'utf8')
}

/** Whatever it is given, `parse` returns numbers that are numbers and not negative, or throws its own errors. */
export function fuzzParser(name: string, texts: readonly string[], parse: (text: string) => unknown): void {
  test(`${name} survives a text cut at every line`, () => {
    let cuts = 0
    for (const text of texts) {
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1), cuts += 1)
        survives(parse, text.slice(0, end))
    }
    assert.ok(cuts > 0)
  })

  test(`${name} survives mangled and binary texts`, () => {
    const piece = fc.oneof(
      fc.string(),
      binaryText(),
      fc.constantFrom('-1', 'NaN', '99999999999999999999', '1e400', ':', '\0', '\r', '   ', '=', '%', '|'),
    )
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), fc.nat(40), piece, (text, at, length, put) => {
        const start = at % (text.length + 1)
        survives(parse, text.slice(0, start) + put + text.slice(start + length))
      }),
      { numRuns: 300 },
    )
    const lines = texts.join('\n').split('\n')
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...lines), { maxLength: 60 }), (chosen) =>
        survives(parse, chosen.join('\n')),
      ),
      { numRuns: 200 },
    )
    for (const text of ['', '\n', '\0\0', '\u{fffd}'.repeat(100)]) survives(parse, text)
  })

  test(`${name} is done with huge texts at once`, { timeout: 30_000 }, () => {
    for (const text of texts) survives(parse, text.repeat(Math.ceil(3e5 / text.length)))
    for (const unit of [' ', 'a', '-', '9', ':', ' :', '| ', 'state', '\n', '( ', '[ '])
      for (const [first = ''] of texts.map((text) => text.split('\n')))
        survives(parse, first + unit.repeat(2e5 / unit.length))
    for (const line of new Set(texts.flatMap((text) => text.split('\n'))))
      survives(parse, `${line}${' '.repeat(2000)}${line}`)
  })
}

function survives(parse: (text: string) => unknown, text: string): void {
  let result: unknown
  try {
    result = parse(text)
  } catch (error) {
    if (error instanceof ParseError || error instanceof ToolError) return
    throw new Error(`not its own error, of ${JSON.stringify(text.slice(0, 2000))}`, { cause: error })
  }
  checkNumbers(result, text)
}

function checkNumbers(value: unknown, text: string): void {
  if (typeof value === 'number')
    assert.ok(Number.isFinite(value) && value >= 0, `${value} of ${JSON.stringify(text.slice(0, 2000))}`)
  else if (value instanceof Map) for (const one of value.values()) checkNumbers(one, text)
  else if (typeof value === 'object' && value !== null)
    for (const one of Object.values(value)) checkNumbers(one, text)
}
