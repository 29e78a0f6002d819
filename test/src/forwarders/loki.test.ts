import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { resolve } from '../../../src/forwarders/bisect.ts'
import { lokiForwarder } from '../../../src/forwarders/loki.ts'
import { boundedUnit } from '../../../src/forwarders/loki-stream.ts'
import { lokiSink } from '../../../src/sink-schemas.ts'
import type { EventBatch, SpooledRecord } from '../../../src/spool/batch.ts'
import { origin, sample, sampleBatch } from './batches.ts'
import { startLoki } from './loki-receiver.ts'
import { startReceiver } from './receiver.ts'

const never = new AbortController().signal
const hour = 3_600_000_000_000n

function forwarder(settings: object) {
  const made = lokiForwarder(lokiSink.parse({ type: 'loki', ...settings }), origin, systemClock)
  return {
    send: (batch: Parameters<typeof made.send>[0]) => made.send(batch, never, false),
    [Symbol.asyncDispose]: () => made.close(),
  }
}

/** Nanoseconds, whole microseconds. */
function now(): bigint {
  return BigInt(Date.now()) * 1_000_000n
}

function entry(
  number: number,
  time: bigint,
  message: string | Uint8Array,
  more: Readonly<Record<string, string>> = {},
): SpooledRecord {
  const fields = Object.entries({ PRIORITY: '6', ...more })
    .map(([name, value]) => [name, Buffer.from(value)] as const)
    .concat([['MESSAGE', Buffer.from(message)]])
  return { stream: 'ab', id: `ab:${number}`, number, time, observed: now(), fields }
}

function batch(records: readonly SpooledRecord[], source = 'journald'): EventBatch {
  return { sequence: 1, source, count: records.length, bytes: 1, kind: 'events', records }
}

const ids = (entries: readonly { metadata: Readonly<Record<string, string>> }[]) =>
  entries.map(({ metadata }) => metadata.remora_id)

test('loki sends few labels, the body as the line, and the rest as metadata', async () => {
  await using loki = await startLoki()
  await using sink = forwarder({ url: loki.url, labels: { site: 'north', job: 'logs' }, tenant: 'ops' })
  const time = now()
  const fields = {
    _PID: '42',
    _SYSTEMD_UNIT: 'sshd@7-10.0.0.1:22.service',
    PRIORITY: '4',
    MY_FIELD: 'mine',
    CODE_FILE: 'a"b\\c',
  }
  assert.deepEqual(await sink.send(batch([entry(1001, time, 'hello\u0000', fields)])), {
    is: 'accepted',
    endpoint: loki.url,
  })
  assert.deepEqual(
    [...loki.streams.keys()],
    ['{host="rack-7", job="logs", level="warn", site="north", source="journald", unit="sshd@.service"}'],
  )
  assert.deepEqual(loki.stored(), [
    {
      time: time + 1n,
      line: 'hello\u2400',
      metadata: {
        remora_id: 'ab:1001',
        remora_ledger: origin.ledger,
        remora_source: 'journald',
        remora_number: '1001',
        severity_text: 'warning',
        process_pid: '42',
        systemd_unit: 'sshd@7-10.0.0.1:22.service',
        journal_my_field: 'mine',
        code_file_path: 'a"b\\c',
      },
    },
  ])
  assert.equal(loki.posts[0]?.headers['x-scope-orgid'], 'ops')
  assert.equal(loki.posts[0]?.headers['content-type'], 'application/x-protobuf')
})

test('1,000 identical lines in one microsecond all survive in Loki, in order, and sending again changes nothing', async () => {
  await using loki = await startLoki()
  await using sink = forwarder({ url: loki.url })
  const time = now()
  const records = Array.from({ length: 1000 }, (_, index) => entry(5000 + index, time, 'same'))
  for (let again = 0; again < 3; again += 1) {
    assert.equal((await sink.send(batch(records))).is, 'accepted')
    assert.equal(loki.stored().length, 1000)
  }
  assert.deepEqual(
    ids(loki.stored()),
    records.map(({ id }) => id),
  )
  assert.deepEqual(new Set(loki.stored().map(({ time: at }) => at / 1000n)), new Set([time / 1000n]))
  // In other batches too, as after a read under a new ledger from another position.
  for (const part of [records.slice(0, 333), records.slice(333, 700), records.slice(700)])
    assert.equal((await sink.send(batch(part))).is, 'accepted')
  assert.equal(loki.stored().length, 1000)
})

test('2,500 identical lines in one microsecond all survive in Loki, and sending again changes nothing', async () => {
  await using loki = await startLoki()
  await using sink = forwarder({ url: loki.url })
  const time = now()
  const records = Array.from({ length: 2500 }, (_, index) => entry(770 + index, time, 'same'))
  for (let again = 0; again < 2; again += 1) {
    assert.equal((await sink.send(batch(records))).is, 'accepted')
    assert.equal(loki.stored().length, 2500)
    assert.equal(new Set(ids(loki.stored())).size, 2500)
  }
  for (const part of [records.slice(0, 1700), records.slice(1700)])
    assert.equal((await sink.send(batch(part))).is, 'accepted')
  assert.equal(loki.stored().length, 2500)
})

test('identical lines whose ids give one ordinal survive in Loki side by side', async () => {
  await using loki = await startLoki()
  await using sink = forwarder({ url: loki.url })
  const time = now()
  const records = [1000, 2000, 3000].map((offset) => entry(offset, time, 'same'))
  for (let again = 0; again < 2; again += 1)
    assert.equal((await sink.send(batch(records, 'files'))).is, 'accepted')
  assert.deepEqual(ids(loki.stored()).sort(), ['ab:1000', 'ab:2000', 'ab:3000'])
})

test('loki gets each stream oldest first', async () => {
  await using loki = await startLoki()
  await using sink = forwarder({ url: loki.url })
  const time = now()
  // 90 minutes apart: refused by Loki the other way round.
  const records = [
    entry(3, time, 'c'),
    entry(1, time - (hour * 3n) / 2n, 'a'),
    entry(2, time - hour / 2n, 'b', { _SYSTEMD_UNIT: 'x.service' }),
  ]
  assert.equal((await sink.send(batch(records))).is, 'accepted')
  assert.equal(loki.posts.length, 1)
  assert.deepEqual(ids([...loki.streams.values()].flat()).sort(), ['ab:1', 'ab:2', 'ab:3'])
  assert.ok(loki.stored().every(({ metadata }) => metadata.remora_time === undefined))
})

test('loki gets what is sent with another time in its new place', async () => {
  await using loki = await startLoki()
  await using sink = forwarder({ url: loki.url })
  const time = now()
  const records = [
    entry(1, time - 24n * 8n * hour, 'moved to now'),
    entry(2, time - (hour * 3n) / 2n, 'as it was'),
  ]
  assert.equal((await sink.send(batch(records))).is, 'accepted')
  assert.equal(loki.posts.length, 1)
  assert.deepEqual(ids(loki.stored()), ['ab:2', 'ab:1'])
})

test('loki cuts a line at 256 KB on a whole character and says how long it was', async () => {
  await using loki = await startLoki()
  await using sink = forwarder({ url: loki.url })
  const line = 'ä'.repeat(200_000)
  const records = [entry(1, now(), line), entry(2, now(), 'x'.repeat(262_144)), entry(3, now(), 'short')]
  assert.equal((await sink.send(batch(records))).is, 'accepted')
  const lines = new Map(loki.stored().map((one) => [one.metadata.remora_id, one.line]))
  const cut = lines.get('ab:1') ?? ''
  assert.match(cut, /^ä+ … \[cut: 400000 bytes\]$/)
  assert.ok(Buffer.byteLength(cut) > 262_140 && Buffer.byteLength(cut) <= 262_144)
  assert.equal(lines.get('ab:2')?.length, 262_144)
  assert.equal(lines.get('ab:3'), 'short')
})

test('loki learns a shorter line limit from the 400 and sends what was refused again, cut', async () => {
  await using loki = await startLoki({ maxLineBytes: 5000 })
  await using sink = forwarder({ url: loki.url })
  const records = [entry(1, now(), 'x'.repeat(20_000)), entry(2, now(), 'short')]
  for (const posts of [2, 3]) {
    assert.equal((await sink.send(batch(records))).is, 'accepted')
    assert.equal(loki.posts.length, posts)
    assert.equal(loki.stored().length, 2)
  }
  assert.match(
    loki
      .stored()
      .map(({ line }) => line)
      .join(),
    /x \u2026 \[cut: 20000 bytes\]/,
  )
})

test('loki sends what is older than 7 days or more than 10 minutes ahead with another time, its own beside', async () => {
  await using loki = await startLoki()
  await using sink = forwarder({ url: loki.url })
  const time = now()
  const old = time - 24n * 8n * hour
  const records = [
    ...Array.from({ length: 2000 }, (_, index) => entry(1 + index, old + BigInt(index) * 1000n, 'old')),
    entry(2001, time + hour, 'ahead'),
    entry(2002, time + hour / 12n, 'a little ahead'),
    entry(2003, time - 24n * 6n * hour, 'six days', { _SYSTEMD_UNIT: 'b.service' }),
    entry(2004, 0n, 'no time'),
    entry(2005, -7n, 'before time'),
    entry(2006, 1n << 62n, 'far'),
  ].map((one) => ({ ...one, observed: time }))
  for (let again = 0; again < 2; again += 1) {
    assert.equal((await sink.send(batch(records))).is, 'accepted')
    assert.equal(loki.stored().length, 2006)
  }
  assert.equal(loki.posts.length, 2)
  const found = new Map(loki.stored().map((one) => [one.metadata.remora_id, one]))
  assert.equal(
    found.get('ab:1')?.metadata.remora_time,
    new Date(Number(old / 1_000_000n)).toISOString().replace('Z', '000000Z'),
  )
  assert.equal(found.get('ab:2002')?.time, time + hour / 12n + 2n)
  assert.equal(found.get('ab:2003')?.time, time - 24n * 6n * hour + 3n)
  const moved = loki.stored().filter(({ metadata }) => metadata.remora_time !== undefined)
  assert.equal(moved.length, 2004)
  assert.deepEqual(
    moved.slice(0, 2000).map(({ metadata }) => metadata.remora_id),
    records.slice(0, 2000).map(({ id }) => id),
  )
})

test("loki goes by the receiver's clock once it has heard it", async () => {
  const ahead = 30 * 86_400_000
  await using loki = await startLoki({ now: () => Date.now() + ahead })
  await using sink = forwarder({ url: loki.url })
  const records = [
    entry(1, now(), 'a month old there'),
    entry(2, now() + BigInt(ahead) * 1_000_000n, 'now there'),
  ]
  assert.equal((await sink.send(batch(records))).is, 'accepted')
  assert.equal(loki.stored().length, 2)
  const posts = loki.posts.length
  const later = [entry(3, now(), 'a month old there')]
  assert.equal((await sink.send(batch(later))).is, 'accepted')
  assert.equal(loki.posts.length, posts + 1)
  assert.equal(loki.stored().length, 3)
})

test('loki obeys a receiver of stricter times than the defaults', async () => {
  await using loki = await startLoki({ maxAgeSeconds: 86_400, graceSeconds: 60 })
  await using sink = forwarder({ url: loki.url })
  const time = now()
  const records = [
    entry(1, time - 24n * 3n * hour, 'three days'),
    entry(2, time, 'now'),
    entry(3, time + hour / 12n, 'five minutes ahead'),
  ]
  assert.equal((await sink.send(batch(records))).is, 'accepted')
  assert.deepEqual(ids(loki.stored()).sort(), ['ab:1', 'ab:2', 'ab:3'])
})

test('loki sends what lies too far behind its stream with another time, and its neighbours once', async () => {
  await using loki = await startLoki()
  await using sink = forwarder({ url: loki.url })
  const time = now()
  const unit = { _SYSTEMD_UNIT: 'x.service' }
  const first = [entry(100, time, 'newest'), entry(101, time, 'newest', unit)]
  assert.equal((await sink.send(batch(first))).is, 'accepted')
  const backfill = [
    ...Array.from({ length: 15 }, (_, index) =>
      entry(1 + index, time - 3n * hour + BigInt(index) * 1000n, 'late'),
    ),
    ...Array.from({ length: 5 }, (_, index) => entry(20 + index, time - hour / 2n, 'in time')),
    ...Array.from({ length: 15 }, (_, index) => entry(40 + index, time - 2n * hour, 'late', unit)),
    entry(60, time, 'other', { _SYSTEMD_UNIT: 'y.service' }),
    // Older than all, in a stream that has nothing newer.
    ...Array.from({ length: 5 }, (_, index) =>
      entry(70 + index, time - 5n * hour, 'old', { _SYSTEMD_UNIT: 'z.service' }),
    ),
  ]
  assert.equal((await sink.send(batch(backfill))).is, 'accepted')
  assert.equal(loki.stored().length, 2 + backfill.length)
  assert.equal(new Set(ids(loki.stored())).size, 2 + backfill.length)
  const moved = loki.stored().filter(({ metadata }) => metadata.remora_time !== undefined)
  assert.deepEqual(new Set(moved.map(({ line }) => line)), new Set(['late']))
  assert.equal(moved.length, 30)
})

test('loki leaves a refusal it does not understand to the bisection: one in quarantine, nothing doubled', async () => {
  await using loki = await startLoki({ poison: (line) => line === 'poison' })
  await using sink = forwarder({ url: loki.url })
  const time = now()
  const records = Array.from({ length: 20 }, (_, index) =>
    entry(index, time, index === 7 ? 'poison' : `line ${index % 3}`),
  )
  const resolution = await resolve(batch(records), sink.send)
  assert.deepEqual(resolution, {
    is: 'resolved',
    acknowledged: 19,
    lost: undefined,
    quarantined: [{ index: 7, words: '400 1 errors like: no reason is given' }],
    endpoints: new Set([loki.url]),
  })
  assert.equal(loki.stored().length, 19)
})

test('loki waits for a busy receiver as it asks, and bisects a request that is too large', async () => {
  await using receiver = await startReceiver((response, _, count) => {
    if (count === 1) response.writeHead(429, { 'retry-after': '17' }).end('Ingestion rate limit exceeded')
    else if (count === 2) response.writeHead(413).end('request body too large')
    else response.writeHead(500).end('at least 1 live replicas required')
  })
  await using sink = forwarder({ url: receiver.url })
  const one = batch([entry(1, now(), 'x')])
  assert.deepEqual(await sink.send(one), {
    is: 'retry',
    words: '429 Ingestion rate limit exceeded',
    retryAfterSeconds: 17,
    busy: true,
    endpoint: receiver.url,
  })
  assert.equal((await sink.send(one)).is, 'refused')
  assert.equal((await sink.send(one)).is, 'retry')
  assert.equal((await sink.send(sampleBatch(1, [sample('a', 1)]))).is, 'refused')
  assert.equal((await sink.send(batch([]))).is, 'accepted')
  assert.equal(receiver.posts.length, 3)
})

test('loki sends a large batch in requests of about 2 MiB, and all of it again when one fails', async () => {
  await using loki = await startLoki({
    before: (count) => (count === 2 ? { status: 503, words: 'busy' } : undefined),
  })
  await using sink = forwarder({ url: loki.url })
  const time = now()
  const records = Array.from({ length: 2000 }, (_, index) =>
    entry(index, time + BigInt(index) * 1000n, `${index} ${'x'.repeat(3000)}`),
  )
  assert.equal((await sink.send(batch(records))).is, 'retry')
  assert.equal((await sink.send(batch(records))).is, 'accepted')
  assert.equal(loki.stored().length, 2000)
  assert.ok(loki.sizes.length > 4 && Math.max(...loki.sizes) < 1.2 * (2 << 20), String(loki.sizes))
})

test('loki halves a request that is too large for what stands before the receiver, and makes those to come smaller', async () => {
  await using proxy = await startReceiver((response, { body }) => {
    response.writeHead(body.length > 400_000 ? 413 : 204).end()
  })
  await using sink = forwarder({ url: proxy.url })
  const time = now()
  const noise = () => randomBytes(1500).toString('base64')
  const records = Array.from({ length: 1000 }, (_, index) =>
    entry(index, time + BigInt(index) * 1000n, `${index} ${noise()}`),
  )
  assert.equal((await sink.send(batch(records))).is, 'accepted')
  const refused = proxy.posts.filter(({ body }) => body.length > 400_000).length
  assert.ok(refused > 0, String(refused))
  assert.equal((await sink.send(batch(records))).is, 'accepted')
  assert.equal(proxy.posts.filter(({ body }) => body.length > 400_000).length, refused)
})

test('loki makes requests no smaller for one record that is too large by itself', async () => {
  await using proxy = await startReceiver((response, { body }) => {
    response.writeHead(body.includes('giant') ? 413 : 204).end()
  })
  await using sink = forwarder({ url: proxy.url })
  const time = now()
  const many = (word: string) =>
    batch(
      Array.from({ length: 600 }, (_, index) =>
        entry(index, time + BigInt(index) * 1000n, `${index === 300 ? word : index} ${'x'.repeat(1000)}`),
      ),
    )
  assert.equal((await sink.send(many('giant'))).is, 'refused')
  const before = proxy.posts.length
  assert.equal((await sink.send(many('small'))).is, 'accepted')
  assert.equal(proxy.posts.length - before, 1)
})

test('loki keeps labels and metadata within the limits, whatever the fields are', async () => {
  await using loki = await startLoki()
  const labels = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`l${index}`, 'v'.repeat(256)]))
  await using sink = forwarder({ url: loki.url, labels })
  const many = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`F${index}`, 'value']))
  const large = Object.fromEntries(
    Array.from({ length: 90 }, (_, index) => [`F${index}`, 'ö'.repeat(60_000)]),
  )
  const records = [
    entry(1, now(), 'many', { _SYSTEMD_UNIT: `${'u'.repeat(5000)}.service`, ...many }),
    entry(2, now(), 'large', large),
    entry(3, now(), 'odd', { level: 'mine', '0 odd name': 'x', host: 'other' }),
  ]
  assert.equal((await sink.send(batch(records))).is, 'accepted')
  const found = new Map(loki.stored().map(({ metadata }) => [metadata.remora_id, metadata]))
  assert.equal(found.get('ab:1')?.remora_omitted, '786')
  assert.equal(found.get('ab:2')?.remora_omitted, '79')
  assert.match(found.get('ab:2')?.journal_f0 ?? '', /ö … \[cut: 120000 bytes\]$/)
  assert.deepEqual(
    [found.get('ab:3')?.level_, found.get('ab:3')?._0_odd_name, found.get('ab:3')?.host_],
    ['mine', 'x', 'other'],
  )
})

test('loki sends every field as JSON when asked', async () => {
  await using loki = await startLoki()
  await using sink = forwarder({ url: loki.url, line: 'json' })
  const record = entry(1, now(), 'b')
  const fields = [
    ...record.fields,
    ['A', Buffer.from([0xff])],
    ['A', Buffer.from('2')],
    ['A', Buffer.from('3')],
  ] as const
  await sink.send(batch([{ ...record, fields }]))
  assert.deepEqual(JSON.parse(loki.stored()[0]?.line ?? ''), {
    PRIORITY: '6',
    MESSAGE: 'b',
    A: ['\ufffd', '2', '3'],
  })
})

test('units become labels of few values', () => {
  for (const [unit, label] of [
    ['sshd.service', 'sshd.service'],
    ['getty@tty1.service', 'getty@.service'],
    ['user@1000.service', 'user@.service'],
    ['systemd-coredump@12-3456-0.service', 'systemd-coredump@.service'],
    ['session-42.scope', 'session.scope'],
    ['docker-0123456789abcdef.scope', 'docker.scope'],
    ['run-r0123456789abcdef.service', 'run.service'],
    ['run-u17.scope', 'run.scope'],
    ['systemd-journald.service', 'systemd-journald.service'],
    ['init.scope', 'init.scope'],
    ['', ''],
  ] as const)
    assert.equal(boundedUnit(unit), label)
})
