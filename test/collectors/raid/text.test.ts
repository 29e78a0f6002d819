import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeArray, judgeBattery, judgeDrive } from '../../../collectors/raid/judge.ts'
import { celsiusOf } from '../../../collectors/raid/megaraid/values.ts'
import { samplesOf } from '../../../collectors/raid/samples.ts'
import { raidTable } from '../../../collectors/raid/table.ts'
import { celsiusAt } from '../../../collectors/raid/text.ts'

test('a temperature is degrees Celsius whatever it is printed in, and none where no machine could have it', () => {
  const rows = [
    ['34C', 34],
    ['34 \u00baC', 34],
    ['36 deg C', 36],
    ['47', 47],
    ['32C(89F)', 32],
    ['95 F', 35],
    ['104F', 40],
    ['100 deg F', 37.8],
    ['255 C', undefined],
    ['0 C', undefined],
    ['-4 C', undefined],
    ['N/A', undefined],
    ['-', undefined],
    [undefined, undefined],
  ] as const
  for (const [text, celsius] of rows) assert.equal(celsiusAt(text), celsius, `${text}`)
  assert.deepEqual([' 28C (82.40 F)', '-4C', '255C', '0C'].map(celsiusOf), [
    28,
    undefined,
    undefined,
    undefined,
  ])
})

test('words that public texts have and no capture shows are judged', () => {
  assert.equal(judgeBattery('broadcom', 'Degraded(Charging)').state, 'charging')
  assert.equal(judgeDrive('broadcom', 'UBUnsp').state, 'failed')
  assert.equal(judgeArray('hpe', 'No Access - Encrypted - Missing Key').state, 'offline')
  assert.equal(judgeDrive('hpe', 'SSD Wear Out').state, 'predictive-failure')
  assert.equal(judgeDrive('3ware', 'DCB-DATA-CHECK').state, 'predictive-failure')
})

test('the table has the word of its vendor where something is wrong or not understood, and not where all is well', () => {
  const drive = { kind: 'drive', vendor: '3ware', controller: '0', enclosure: '' } as const
  const rows = [
    { ...drive, slot: 'p0', status: judgeDrive('3ware', 'OK, SPARE') },
    { ...drive, slot: 'p1', status: judgeDrive('3ware', 'DEVICE-ERROR') },
    { ...drive, slot: 'p2', status: judgeDrive('3ware', 'Odd') },
  ].flatMap((part) => [...samplesOf(part)])
  assert.deepEqual(
    raidTable(rows).map((row) => row[5]),
    [
      { text: 'hot-spare', bad: false },
      { text: 'failed (DEVICE-ERROR)', bad: true },
      { text: 'unknown (Odd)', bad: false },
    ],
  )
})
