import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CollectFormat, collectOnce } from '../../../src/cli/collect.ts'
import { type Collector, counter, gauge, type Unit } from '../../../src/model.ts'
import { humanise } from '../../../src/units.ts'
import { contextOf } from '../../collectors/context.ts'
import { collector, sample, state } from '../engine.ts'

const size = gauge('parts_size_bytes', 'bytes', 'test', 'A size.', ['part', 'path'])
const writes = counter('parts_writes_total', 'none', 'test', 'Writes.')

const disks = collector(
  [size, writes],
  async function* ({ skip }) {
    yield sample(size, 1.25 * 1024 ** 3, { part: 'a' })
    yield sample(size, 5, { part: 'b', path: `/${'long/'.repeat(30)}` })
    yield sample(writes, 12_345)
    yield state('a:power', 'off', false)
    skip(new Error('Cannot read part "c": gone'))
  },
  { name: 'disks' },
)
const absent = collector([], disks.collect, {
  name: 'raid',
  probe: async () => ({ here: false, why: 'no controller' }),
})
const failing = collector(
  [writes],
  async function* () {
    yield sample(writes, 1)
    throw new Error('Cannot read "mm_stat": broken')
  },
  { name: 'zz' },
)
const source: Collector = { name: 'journal', metrics: [] }

async function collect(
  names: readonly string[],
  format: CollectFormat,
  collectors = [disks, absent, source],
) {
  let [out, complaints] = ['', '']
  const code = await collectOnce(names, {
    format,
    collectors,
    surroundings: contextOf(),
    config: {
      collect: { max_series: 100 },
      collectors: Object.fromEntries(
        collectors.map(({ name }) => [name, { enabled: name !== 'off', deadline_seconds: 5 }]),
      ),
    },
    signal: new AbortController().signal,
    out: (text) => {
      out += text
    },
    isColoured: false,
    complain: (text) => {
      complaints += text
    },
  })
  return { code, out, complaints }
}

test('collect prints a table of 80 columns, states below, absent collectors in a line', async () => {
  const { code, out, complaints } = await collect([], 'table')
  assert.equal(code, 0)
  assert.equal(complaints, '')
  assert.deepEqual(out.split('\n'), [
    'disks',
    '  passed over: Cannot read part "c": gone',
    '  parts_size_bytes',
    `    {part="a"}${'1.3 GiB'.padStart(66)}`,
    '    {part="b",',
    `      path="/${'long/'.repeat(13)}lo`,
    `      ng/${'long/'.repeat(14)}l`,
    `      ong/long/"}${'5 B'.padStart(63)}`,
    `  parts_writes_total${'12345'.padStart(60)}`,
    '  BAD a:power off: Part a:power is off',
    '',
    'raid: not here: no controller',
    '',
  ])
  for (const line of out.split('\n')) assert.ok(line.length <= 80, line)
})

test('collect prints what a failed run did read, with the reason in plain words, and exits with 1', async () => {
  const { code, out } = await collect([], 'table', [failing])
  assert.equal(code, 1)
  assert.deepEqual(out.split('\n'), [
    'zz',
    '  failed: Cannot read "mm_stat": broken',
    `  parts_writes_total${'1'.padStart(60)}`,
    '',
  ])
})

test('collect reads only the named collectors, disabled ones too', async () => {
  const off = { ...absent, name: 'off' }
  assert.equal((await collect([], 'table', [absent, off])).out, 'raid: not here: no controller\n')
  assert.equal((await collect(['off'], 'table', [absent, off])).out, 'off: not here: no controller\n')
})

test('collect refuses an unknown name, names the known ones, and exits with 2', async () => {
  const { code, out, complaints } = await collect(['disks', 'disc', 'journal'], 'table')
  assert.equal(code, 2)
  assert.equal(out, '')
  assert.equal(complaints, 'Cannot collect "disc", "journal": known are disks, raid\n')
})

test('collect says so when a collector reads nothing', async () => {
  const nothing = collector([writes], () => new ReadableStream({ start: (end) => end.close() }))
  const { code, out } = await collect([], 'table', [nothing])
  assert.equal(code, 0)
  assert.equal(out, 'parts: nothing to read here\n')
})

test('collect prints Prometheus text alone on the output, and complaints beside it', async () => {
  const { code, out, complaints } = await collect([], 'prometheus')
  assert.equal(code, 0)
  assert.deepEqual(
    out.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.includes('long')),
    ['parts_size_bytes{part="a"} 1342177280', 'parts_writes_total 12345'],
  )
  assert.equal(complaints, 'disks: passed over: Cannot read part "c": gone\nraid: not here: no controller\n')
})

test('collect prints JSON with samples, states, and what went wrong', async () => {
  const { out } = await collect([], 'json', [failing, absent, disks])
  const parsed: unknown = JSON.parse(out)
  assert.ok(Array.isArray(parsed))
  const [{ time, duration_seconds, ...failed }, gone, read] = parsed
  assert.ok(Date.parse(time) > 0 && duration_seconds >= 0)
  assert.deepEqual(failed, {
    collector: 'zz',
    result: 'failed',
    error: 'Cannot read "mm_stat": broken',
    samples: [{ name: 'parts_writes_total', type: 'counter', unit: 'none', labels: {}, value: 1 }],
    states: [],
    skipped: [],
  })
  assert.deepEqual(gone, { collector: 'raid', result: 'absent', why: 'no controller' })
  assert.equal(read.samples.length, 3)
  assert.deepEqual(read.states, [state('a:power', 'off', false)])
})

test('humanise says values as people read them', () => {
  const cases: [number, Unit, string][] = [
    [0, 'bytes', '0 B'],
    [1023, 'bytes', '1023 B'],
    [1536, 'bytes', '1.5 KiB'],
    [2 ** 40, 'bytes', '1.0 TiB'],
    [0.8312, 'ratio', '83.12 %'],
    [3.5, 'ratio', '3.5'],
    [0.0123456, 'seconds', '0.0123 s'],
    [119, 'seconds', '119 s'],
    [150, 'seconds', '2 min 30 s'],
    [3660, 'seconds', '1 h 1 min'],
    [273_600, 'seconds', '3 d 4 h'],
    [1_767_323_045, 'timestamp_seconds', '2026-01-02 03:04:05 UTC'],
    [41.5, 'celsius', '41.5 °C'],
    [12, 'pages', '12 pages'],
    [1, 'info', ''],
    [123_456_789, 'none', '123456789'],
    [Number.POSITIVE_INFINITY, 'none', 'Infinity'],
  ]
  for (const [value, unit, text] of cases) assert.equal(humanise(value, unit), text)
})
