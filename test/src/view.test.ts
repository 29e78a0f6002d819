import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stateRecords } from '../../src/states.ts'
import { type Attribute, printable, priorityOf, view, viewer } from '../../src/view.ts'

function record(fields: readonly (readonly [string, string | Uint8Array])[]) {
  return {
    time: 5n,
    observed: 7n,
    fields: fields.map(([name, value]) => [name, Buffer.from(value)] as const),
  }
}

function named(attributes: readonly Attribute[]) {
  return Object.fromEntries(attributes.map(({ name, value }) => [name, value]))
}

test('view of a journal entry has body, severity and semantic-convention names, and every other field', () => {
  const seen = view(
    'journald',
    record([
      ['__CURSOR', 's=1'],
      ['__REALTIME_TIMESTAMP', '1'],
      ['__MONOTONIC_TIMESTAMP', '99'],
      ['MESSAGE', 'disk is full'],
      ['PRIORITY', '3'],
      ['_PID', '42'],
      ['_UID', '0'],
      ['_COMM', 'dd'],
      ['_EXE', '/usr/bin/dd'],
      ['_CMDLINE', 'dd if=a'],
      ['_SYSTEMD_UNIT', 'copy.service'],
      ['SYSLOG_IDENTIFIER', 'dd'],
      ['_TRANSPORT', 'stdout'],
      ['_HOSTNAME', 'n7'],
      ['CODE_FILE', 'dd.c'],
      ['CODE_LINE', '12'],
      ['CODE_FUNC', 'main'],
      ['_GID', '5'],
      ['MY_OWN', 'a'],
      ['MY_OWN', 'b'],
      ['MY_OWN', 'a'],
    ]),
  )
  const { attributes, ...rest } = seen
  assert.deepEqual(rest, {
    time: 5n,
    observed: 7n,
    severityNumber: 17,
    severityText: 'err',
    body: 'disk is full',
  })
  assert.deepEqual(named(attributes), {
    'journal.__monotonic_timestamp': '99',
    'process.pid': 42,
    'process.user.id': 0,
    'process.executable.name': 'dd',
    'process.executable.path': '/usr/bin/dd',
    'process.command_line': 'dd if=a',
    'systemd.unit': 'copy.service',
    'syslog.identifier': 'dd',
    'journal.transport': 'stdout',
    'host.name': 'n7',
    'code.file.path': 'dd.c',
    'code.line.number': 12,
    'code.function.name': 'main',
    'journal._gid': '5',
    'journal.my_own': ['a', 'b', 'a'],
  })
})

test('view maps syslog priorities as the OpenTelemetry data model does, and back', () => {
  const numbers = [21, 19, 18, 17, 13, 10, 9, 5]
  const texts = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug']
  for (const [priority, number] of numbers.entries()) {
    const seen = view('journald', record([['PRIORITY', String(priority)]]))
    assert.deepEqual([seen.severityNumber, seen.severityText], [number, texts[priority]])
    assert.equal(priorityOf(number), priority)
  }
  assert.deepEqual([1, 4, 11, 14, 24].map(priorityOf), [7, 7, 5, 4, 0])
})

test('view keeps what is no priority, no number and no second body as attributes', () => {
  const { attributes, ...rest } = view(
    'journald',
    record([
      ['PRIORITY', '8'],
      ['_PID', '007'],
      ['MESSAGE', 'one'],
      ['MESSAGE', 'two'],
    ]),
  )
  assert.deepEqual(rest, { time: 5n, observed: 7n, body: 'one' })
  assert.deepEqual(named(attributes), {
    'journal.priority': '8',
    'process.pid': '007',
    'journal.message': 'two',
  })
})

test('view keeps a severity text that was said, and the number of the first that has one', () => {
  const fields = [
    ['severity_text', 'ALARM'],
    ['PRIORITY', '3'],
    ['severity_number', '9'],
  ] as const
  const { severityText, severityNumber, attributes } = view('files', record(fields))
  assert.deepEqual([severityText, severityNumber, named(attributes)], ['ALARM', 17, { severity_number: '9' }])
})

test('view of a state change is what its collector said', () => {
  const reading = {
    part: 'zram0:fill',
    state: 'above-90',
    healthy: false,
    event: 'zram.fill',
    severity: 13,
    body: 'zram0 is 92 % full',
    attributes: { device: 'zram0' },
  }
  const [change] = stateRecords([reading], new Map([['zram0:fill', 'ok']]), 1000).records
  assert.ok(change)
  const { attributes, ...rest } = view('zram', change)
  assert.deepEqual(rest, {
    time: 1_000_000_000n,
    observed: 1_000_000_000n,
    severityNumber: 13,
    severityText: 'WARN',
    body: 'zram0 is 92 % full',
    eventName: 'zram.fill',
  })
  assert.deepEqual(named(attributes), {
    part: 'zram0:fill',
    from: 'ok',
    to: 'above-90',
    device: 'zram0',
  })
})

test('viewer sees each record of a batch as view does, whatever fields they share', () => {
  const names = fc.constantFrom('MESSAGE', 'PRIORITY', '_PID', 'A', 'A', 'B', 'severity_text', 'body')
  const pool = fc.array(fc.tuple(names, fc.constantFrom('1', '7', 'x')), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(pool, fc.array(fc.array(fc.nat(5), { maxLength: 6 }), { maxLength: 5 }), (some, picks) => {
      const shared = record(some).fields
      const records = picks.map((pick) => ({
        time: 1n,
        observed: 2n,
        fields: pick.map((index) => shared[index % shared.length]).filter((field) => field !== undefined),
      }))
      const see = viewer()
      for (const one of records) assert.deepEqual(see('files', one), view('files', one))
    }),
    { numRuns: 300 },
  )
})

test('view makes binary printable and keeps what was text', () => {
  assert.equal(
    printable(Buffer.from('tab\tline\n\r\x1b[31mred Grüße 日本')),
    'tab\tline\n\r\x1b[31mred Grüße 日本',
  )
  assert.equal(printable(Uint8Array.of(0x41, 0, 0xff, 0x7f, 1)), 'A\u2400\ufffd\u2421\u2401')
  assert.equal(printable(new Uint8Array()), '')
  assert.equal(printable(new Uint8Array(Buffer.from('xxhelloxx')).subarray(2, 7)), 'hello')
})

test('view never throws and never loses a field, whatever the bytes and names are', () => {
  const name = fc.oneof(
    fc.string(),
    fc.constantFrom('MESSAGE', 'PRIORITY', '_PID', '__proto__', 'constructor', 'event.name', 'body', ''),
  )
  const fields = fc.array(fc.tuple(name, fc.uint8Array({ maxLength: 8 })), { maxLength: 12 })
  fc.assert(
    fc.property(fields, (some) => {
      const seen = view('files', record(some))
      const attributes = seen.attributes.reduce(
        (sum, { value }) => sum + (typeof value === 'object' ? value.length : 1),
        0,
      )
      const taken = ['severityNumber', 'severityText', 'eventName'].filter((key) => key in seen)
      const hasBody = some.some(([own]) => own === 'MESSAGE' || own === 'body')
      // A priority gives number and text at once.
      const most = attributes + taken.length + (hasBody ? 1 : 0)
      assert.ok(most === some.length || most === some.length + 1)
      assert.ok(seen.body.isWellFormed())
    }),
    { numRuns: 300 },
  )
})
