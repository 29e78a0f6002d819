import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventTail } from '../../src/event-tail.ts'
import type { LogRecord } from '../../src/model.ts'

function record(fields: Readonly<Record<string, string>>, second = 1): LogRecord {
  return {
    stream: 's',
    id: 's:1',
    time: BigInt(second) * 1_000_000_000n,
    observed: 0n,
    fields: Object.entries(fields).map(([name, value]) => [name, Buffer.from(value)]),
  }
}

const said = (priority: number, message: string) => record({ PRIORITY: String(priority), MESSAGE: message })

/** A tail whose clock stands until it is moved. */
function tail() {
  let now = 0
  const events = new EventTail(() => now)
  return { events, later: (milliseconds: number) => (now += milliseconds) }
}

test('event tail shows an event normalised: time, priority, origin, name, body', () => {
  const { events } = tail()
  events.take('journald', [
    record({ PRIORITY: '3', MESSAGE: 'disk is on fire', _SYSTEMD_UNIT: 'ceph-osd@3.service' }, 7),
    record({ 'event.name': 'zram.fill', severity_number: '13', severity_text: 'WARN', body: 'full' }, 8),
    record({ MESSAGE: 'plain', SYSLOG_IDENTIFIER: 'cron' }, 9),
  ])
  assert.deepEqual(events.after(0), [
    {
      number: 1,
      source: 'journald',
      timeMilliseconds: 7000,
      priority: 3,
      severityText: 'err',
      origin: 'ceph-osd@3.service',
      body: 'disk is on fire',
    },
    {
      number: 2,
      source: 'journald',
      timeMilliseconds: 8000,
      priority: 4,
      severityText: 'WARN',
      eventName: 'zram.fill',
      body: 'full',
    },
    { number: 3, source: 'journald', timeMilliseconds: 9000, origin: 'cron', body: 'plain' },
  ])
})

test('event tail filters by source, priority and text', () => {
  const { events } = tail()
  events.take('kmsg', [said(6, 'link up'), said(3, 'Link DOWN')])
  events.take('files', [record({ body: 'a link without priority' })])
  const bodies = (filter: Parameters<EventTail['after']>[1]) =>
    events.after(0, filter).map(({ body }) => body)
  assert.deepEqual(bodies({ source: 'files' }), ['a link without priority'])
  assert.deepEqual(bodies({ priority: 4 }), ['Link DOWN', 'a link without priority'])
  assert.deepEqual(bodies({ text: 'LINK d' }), ['Link DOWN'])
  assert.deepEqual(bodies({ source: 'kmsg', priority: 7, text: 'link' }), ['link up', 'Link DOWN'])
  assert.deepEqual(
    events.after(1).map(({ number }) => number),
    [2, 3],
  )
})

test('event tail keeps 200 severe and 300 other events, and a storm of the one does not wash away the other', () => {
  const { events, later } = tail()
  events.watch()
  events.take('journald', [said(2, 'the one that matters')])
  for (let storm = 0; storm < 20; storm++) {
    later(1000)
    events.take(
      'journald',
      Array.from({ length: 1000 }, (_, at) => said(6, `noise ${storm} ${at}`)),
    )
  }
  const kept = events.after(0)
  assert.equal(kept.length, 301)
  assert.equal(kept[0]?.body, 'the one that matters')
  assert.equal(kept.at(-1)?.body, 'noise 19 999')
  assert.equal(events.newest, 20_001)
  assert.equal(events.missing(0), 20_001 - 301)
})

test('event tail looks at the newest of a batch alone when nobody watches', () => {
  const { events, later } = tail()
  const batch = Array.from({ length: 4000 }, (_, at) => said(6, `line ${at}`))
  events.take('journald', batch)
  assert.equal(events.after(0).length, 100)
  assert.equal(events.after(0)[0]?.body, 'line 3900')
  // The second is used up.
  events.take('journald', [said(6, 'not looked at')])
  assert.equal(events.after(0).length, 100)
  assert.equal(events.missing(0), 3901)
  later(1000)
  events.take('journald', [said(6, 'looked at')])
  assert.equal(events.after(4001)[0]?.body, 'looked at')
  const unwatch = events.watch()
  events.take('journald', batch)
  assert.equal(events.after(4002).length, 300)
  unwatch()
})

test('event tail cuts long texts', () => {
  const { events } = tail()
  events.take('files', [record({ body: 'x'.repeat(1 << 20) })])
  assert.equal(events.after(0)[0]?.body.length, 1002)
})
