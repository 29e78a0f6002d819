import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as z from 'zod'
import { type Tail, tail } from '../../../src/cli/tail.ts'
import { type Collector, type LogRecord, withOptions } from '../../../src/model.ts'
import { contextOf } from '../../collectors/context.ts'
import { collector, state } from '../engine.ts'

process.env.TZ = 'Asia/Kathmandu' // Five hours and three quarters ahead.

/** An entry as a journal has it, of 2026-01-02 03:04:05.678901 UTC. */
function entry(fields: Readonly<Record<string, string | Uint8Array>>): LogRecord {
  const time = 1_767_323_045_678_901_000n
  return {
    stream: 'journal',
    id: 'journal:7',
    time,
    observed: time + 1n,
    fields: Object.entries(fields).map(([name, value]) => [name, Buffer.from(value)]),
  }
}

const records = [
  entry({ MESSAGE: 'two\nlines', PRIORITY: '3', _SYSTEMD_UNIT: 'ssh.service', _PID: '12' }),
  entry({ MESSAGE: '\x1b[2J\x9b\t\x7f', PRIORITY: '4', SYSLOG_IDENTIFIER: 'ker\nnel' }),
  entry({ MESSAGE: Buffer.from('rightfirst \u202etfel\0\xff', 'utf8'), PRIORITY: '7' }),
  entry({ MESSAGE: Buffer.from([0x61, 0xff]), _SYSTEMD_USER_UNIT: 'app.service' }),
]

const journal: Collector = withOptions({
  name: 'journal',
  metrics: [],
  options: z.strictObject({ initial: z.string(), shape: z.string() }),
  async *read({ options, positions }) {
    assert.deepEqual(positions, new Map())
    assert.equal(options.shape, 'as configured')
    seen.push(options.initial)
    yield { records, positions: [] }
  },
})
const seen: string[] = []

async function follow(names: readonly string[], how: Partial<Tail> = {}) {
  let [out, complaints] = ['', '']
  const code = await tail(names, {
    format: 'line',
    isColoured: false,
    collectors: [journal],
    surroundings: contextOf(),
    sections: {
      journal: { enabled: true, deadline_seconds: 5, options: { initial: 'all', shape: 'as configured' } },
      off: { enabled: false, deadline_seconds: 5 },
    },
    signal: new AbortController().signal,
    out: (text) => {
      out += text
    },
    complain: (text) => {
      complaints += text
    },
    ...how,
  })
  return { code, lines: out.split('\n').slice(0, -1), complaints }
}

test('tail prints a line for each record: local time, severity, origin, text with every control made visible', async () => {
  const { code, lines, complaints } = await follow([])
  assert.deepEqual(lines, [
    '2026-01-02 08:49:05.678901 err     ssh.service: two␊lines',
    '2026-01-02 08:49:05.678901 warning ker␊nel: ␛[2J\\u{9b}␉␡',
    '2026-01-02 08:49:05.678901 debug   journal: rightfirst \\u{202e}tfel␀ÿ',
    '2026-01-02 08:49:05.678901 -       app.service: a\ufffd',
  ])
  assert.equal(complaints, 'journal: has ended\n')
  assert.equal(code, 1)
})

test('tail begins now, or so long ago as is asked for, whatever is configured', async () => {
  seen.length = 0
  await follow([])
  await follow([], { since: '10m' })
  assert.deepEqual(seen, ['0s', '10m'])
})

test('tail colours what is urgent, on a terminal only', async () => {
  const { lines } = await follow([], { isColoured: true })
  assert.deepEqual(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
    lines.map((line) => line.match(/\x1b\[\d+m/g)),
    [['\x1b[31m', '\x1b[0m'], ['\x1b[33m', '\x1b[0m'], null, null],
  )
})

test('tail keeps the priorities and units asked for', async () => {
  const severities = async (how: Partial<Tail>) =>
    (await follow([], how)).lines.map((line) => line.slice(27, 30))
  assert.deepEqual(await severities({ priority: 4 }), ['err', 'war', '-  '])
  assert.deepEqual(await severities({ priority: 0 }), ['-  '])
  assert.deepEqual(await severities({ unit: 'ssh' }), ['err'])
  assert.deepEqual(await severities({ unit: 's?h.*' }), ['err'])
  assert.deepEqual(await severities({ unit: '*' }), ['err', '-  '])
  assert.deepEqual(await severities({ unit: 'cron' }), [])
})

test('tail prints the whole view as one JSON object a line', async () => {
  const { lines } = await follow([], { format: 'json' })
  assert.equal(lines.length, 4)
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    source: 'journal',
    stream: 'journal',
    id: 'journal:7',
    time: '1767323045678901000',
    observed: '1767323045678901001',
    severity_number: 17,
    severity_text: 'err',
    body: 'two\nlines',
    attributes: { 'systemd.unit': 'ssh.service', 'process.pid': 12 },
  })
  const second = lines[1] ?? ''
  assert.ok(second.includes('\\u009b\\t'), second)
  assert.equal(JSON.parse(second).body, '\x1b[2J\x9b\t\u2421')
})

test('tail prints what changes between two looks at a cheap collector, and at the first what is not well', async () => {
  let fill = 'low'
  const stopping = new AbortController()
  const parts = collector(
    [],
    async function* () {
      yield state('a:power', 'off', false)
      yield state('b:fill', fill, fill === 'low')
      if (fill === 'high') setImmediate(() => stopping.abort())
      fill = 'high'
    },
    { name: 'parts' },
  )
  const { code, lines, complaints } = await follow([], {
    collectors: [parts],
    signal: stopping.signal,
    lookMilliseconds: 10,
  })
  assert.deepEqual(
    lines.map((line) => line.slice(27)),
    ['error   parts: Part a:power is off', 'error   parts: Part b:fill is high'],
  )
  assert.equal(complaints, '')
  assert.equal(code, 0)
})

test('tail goes on with the other sources when one fails, and ends with 1 when none is left', async () => {
  const failing: Collector = {
    name: 'failing',
    metrics: [],
    // biome-ignore lint/correctness/useYield: it fails before it has anything.
    async *read({ skip }) {
      skip(new Error('Cannot read part "c": gone'))
      throw new Error('Cannot read the journal: no permission')
    },
  }
  const { code, lines, complaints } = await follow([], { collectors: [failing, journal] })
  assert.equal(code, 1)
  assert.equal(lines.length, 4)
  assert.deepEqual(complaints.split('\n').sort(), [
    '',
    'failing: Cannot read the journal: no permission',
    'failing: passed over: Cannot read part "c": gone',
    'journal: has ended',
  ])
})

test('tail refuses a name that is no source, and follows a disabled one that is named', async () => {
  const metricsOnly = collector([], journal.collect, { name: 'slow', schedule: '0 * * * * *' })
  const off: Collector = {
    name: 'off',
    metrics: [],
    read: () => new ReadableStream({ start: (end) => end.close() }),
  }
  const collectors = [journal, off, metricsOnly]
  const { code, lines, complaints } = await follow(['slow', 'journal'], { collectors })
  assert.equal(code, 2)
  assert.deepEqual(lines, [])
  assert.equal(complaints, 'Cannot follow "slow": known are journal, off\n')
  assert.equal((await follow([], { collectors })).complaints, 'journal: has ended\n')
  assert.equal((await follow(['off'], { collectors })).complaints, 'off: has ended\n')
})
