/** Torn and garbled outputs: only the parsers' own errors, no value that is none, no unbounded time. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Card } from '../../../../collectors/raid/megaraid/card.ts'
import { deFactoSamples } from '../../../../collectors/raid/megaraid/de-facto-samples.ts'
import { parseEvents } from '../../../../collectors/raid/megaraid/events.ts'
import { summaryOf } from '../../../../collectors/raid/megaraid/megacli/adapters.ts'
import { cardsOf as megacliCards } from '../../../../collectors/raid/megaraid/megacli/cards.ts'
import { progressOf as megacliProgress } from '../../../../collectors/raid/megaraid/megacli/megacli.ts'
import { adaptersOf } from '../../../../collectors/raid/megaraid/megacli/text.ts'
import { parseAnswers } from '../../../../collectors/raid/megaraid/storcli/answer.ts'
import { cardsOf as storcliCards } from '../../../../collectors/raid/megaraid/storcli/cards.ts'
import { patrolOf, progressOf } from '../../../../collectors/raid/megaraid/storcli/progress.ts'
import { samplesOf } from '../../../../collectors/raid/samples.ts'
import { CommandError, ParseError, ToolError } from '../../../../src/errors.ts'
import { answersOf, madeController } from './answers.ts'

const ignored = () => undefined

/** Every sample of these cards is finite, and no counter is below zero. */
function check(cards: readonly Card[]): void {
  for (const card of cards) {
    const parts = [card.part, ...card.volumes, ...card.disks, ...card.batteries].map((one) =>
      'part' in one ? one.part : one,
    )
    for (const sample of [...parts.flatMap((part) => [...samplesOf(part)]), ...deFactoSamples(card)]) {
      assert.ok(Number.isFinite(sample.value), `${sample.metric.name} ${sample.value}`)
      if (sample.metric.type === 'counter') assert.ok(sample.value >= 0, sample.metric.name)
      for (const value of Object.values(sample.labels)) assert.equal(typeof value, 'string')
    }
    for (const { tasks = [] } of parts)
      for (const { ratio = 0 } of tasks) assert.ok(ratio >= 0 && ratio <= 1, `ratio ${ratio}`)
  }
}

function storcli(text: string): void {
  const answers = parseAnswers(text, 'it')
  const going = {
    drives: progressOf(answers, 'rebuild'),
    arrays: progressOf(answers),
    controllers: patrolOf(answers),
  }
  check(storcliCards(answers, ignored, going))
}

function megacli(text: string): void {
  summaryOf(text)
  for (const ratio of megacliProgress(text).values()) assert.ok(ratio >= 0 && ratio <= 1)
  const info = adaptersOf(text, 'it')
  check(megacliCards({ info, volumes: info, drives: info, batteries: info, patrol: info }, ignored))
}

function events(text: string): void {
  for (const { number, milliseconds = 0 } of parseEvents(text, 'it'))
    assert.ok(Number.isSafeInteger(number) && number >= 0 && Number.isFinite(milliseconds))
}

/** @returns whether it was understood */
function survives(parse: (text: string) => void, text: string): boolean {
  try {
    parse(text)
    return true
  } catch (error) {
    const own = error instanceof ParseError || error instanceof ToolError || error instanceof CommandError
    assert.ok(own, `${error} from "${text.slice(0, 200)}"`)
    assert.ok(error instanceof Error && error.message.length < 5000)
    return false
  }
}

const fixture = join(import.meta.dirname, '../../../fixtures/raid/megacli-8.07')
const eventLog = Array.from(
  { length: 4 },
  (_, number) =>
    `seqNum: 0x0000128${number}\nTime: Sat Jan  4 18:22:5${number} 2014\n\nCode: 0x00000072\nClass: ${number}\nLocale: 0x02\nEvent Description: Drive ${number}\nEvent Data:\n===========\nDevice ID: 5\n\n\n`,
).join('')
const goods: readonly (readonly [string, (text: string) => void, string])[] = [
  ...Object.entries(answersOf([{ ...madeController(0, 3), rebuilt: 7 }, madeController(4, 2)])).map(
    ([name, text]) => [`storcli ${name}`, storcli, text] as const,
  ),
  ...readdirSync(fixture)
    .filter((name) => name.startsWith('-'))
    .map((name) => [`MegaCli ${name}`, megacli, readFileSync(join(fixture, name), 'utf8')] as const),
  ['events', events, eventLog],
]

function mutated(text: string) {
  const junk = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom(
      '-1',
      'NaN',
      '1e999',
      '0x10',
      '18446744073709551616',
      '\0',
      '٣',
      '',
      '{',
      '}',
      ':',
      '\n',
      '"',
      'null',
      '-',
      '999%',
    ),
  )
  const cut = fc.tuple(fc.nat(text.length), fc.nat(40), junk)
  return fc
    .array(cut, { minLength: 1, maxLength: 4 })
    .map((cuts) =>
      cuts.reduce((all, [from, length, put]) => all.slice(0, from) + put + all.slice(from + length), text),
    )
}

for (const [name, parse, text] of goods)
  test(`${name}, garbled, gives values or the parser's own error`, () => {
    fc.assert(
      fc.property(
        fc.oneof({ weight: 19, arbitrary: mutated(text) }, { weight: 1, arbitrary: fc.string() }),
        (given) => {
          survives(parse, given)
        },
      ),
      { numRuns: 60 },
    )
    // Truncated at every line.
    const lines = text.split('\n')
    const step = Math.max(1, Math.floor(lines.length / 150))
    let understood = 0
    for (let count = 0; count <= lines.length; count += step)
      if (survives(parse, lines.slice(0, count).join('\n'))) understood += 1
    assert.ok(
      survives(parse, text) || name.includes('ShowProg') || name.includes('ShowSummary'),
      'the whole is understood',
    )
    if (parse === events) assert.ok(understood > 0)
  })

test('values of every kind in the place of another give values or the own error', () => {
  const whole = JSON.parse(answersOf([madeController(0, 1)]).cALL_show_all ?? '')
  const other = fc.jsonValue({ maxDepth: 2 })
  const keys = Object.keys(whole.Controllers[0]['Response Data'])
  fc.assert(
    fc.property(fc.constantFrom(...keys), other, (key, value) => {
      const data = { ...whole.Controllers[0]['Response Data'], [key]: value }
      survives(storcli, JSON.stringify({ Controllers: [{ ...whole.Controllers[0], 'Response Data': data }] }))
    }),
    { numRuns: 300 },
  )
})

test('huge and binary inputs take no unbounded time', () => {
  const megabytes = (piece: string) => piece.repeat(Math.ceil((1 << 20) / piece.length))
  const begun = performance.now()
  for (const text of [
    megabytes('{'),
    megabytes('{ "Controllers" :'),
    megabytes(' \n'),
    megabytes('a'),
    megabytes('Adapter #0\n'),
    megabytes('seqNum: 0x1\n'),
    megabytes('Enclosure Device ID: 1\n'),
    megabytes('\0\xff\r'),
    `{"Controllers":[{"Command Status":{"Controller":0},"Response Data":{"VD LIST":[],"VD0 Properties":{"Active Operations":"${megabytes('a ')}"}}}]}`,
  ])
    for (const parse of [storcli, megacli, events]) survives(parse, text)
  assert.ok(performance.now() - begun < 60_000)
})
