import assert from 'node:assert/strict'
import { createServer, get, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { EventTail } from '../../../src/event-tail.ts'
import { History } from '../../../src/history.ts'
import type { LogRecord } from '../../../src/model.ts'
import { Live } from '../../../src/server/live.ts'
import { startServer } from '../../../src/server/server.ts'
import type { Status } from '../../../src/status.ts'
import { eventually } from '../../e2e/agent.ts'
import { fixedSamples, fixedStatus } from './fixed-status.ts'

function record(priority: number, message: string): LogRecord {
  const fields = [
    ['PRIORITY', String(priority)],
    ['MESSAGE', message],
  ] as const
  return {
    stream: 's',
    id: 's:1',
    time: 1_000_000_000n,
    observed: 0n,
    fields: fields.map(([name, value]) => [name, Buffer.from(value)]),
  }
}

interface Message {
  readonly event: string
  readonly data: Record<string, unknown>
}

interface Viewer extends Disposable {
  readonly status: number
  readonly messages: Message[]
  readonly response: IncomingMessage
  readonly ended: () => boolean
}

/** Connects to a stream and reads it. */
function viewerOf(port: number, path: string): Promise<Viewer> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      const messages: Message[] = []
      let rest = ''
      let ended = false
      response.setEncoding('utf8').on('data', (piece: string) => {
        const parts = (rest + piece).split('\n\n')
        rest = parts.pop() ?? ''
        for (const part of parts) {
          const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(part) ?? []
          if (event !== undefined) messages.push({ event, data: JSON.parse(data ?? '') })
        }
      })
      response.on('close', () => {
        ended = true
      })
      response.on('error', () => undefined)
      const status = response.statusCode ?? 0
      const end = () => void request.destroy()
      resolve({ status, messages, response, ended: () => ended, [Symbol.dispose]: end })
    })
    request.on('error', reject)
  })
}

async function serve(changes: Partial<Status> = {}) {
  const status = { ...fixedStatus(), ...changes }
  const server = await startServer({ listen: '127.0.0.1:0', status, registry: new Registry() })
  return {
    view: (query = '') => viewerOf(server.port, `/api/v1/live${query}`),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  }
}

const of = ({ messages }: Viewer, event: string) => messages.filter((message) => message.event === event)

test('live: a viewer gets the whole status, then what changes in it', async () => {
  let samples = [...(fixedSamples.zram ?? [])]
  await using live = await serve({ samples: async () => samples })
  using viewer = await live.view()
  assert.equal(viewer.response.headers['content-type'], 'text/event-stream; charset=utf-8')
  await eventually('the status has come', () => of(viewer, 'status').length > 0)
  const [first] = of(viewer, 'status')
  for (const field of [
    'node',
    'areas',
    'problems',
    'zram',
    'hardware',
    'collectors',
    'sinks',
    'ledger',
    'spool',
  ])
    assert.ok(first?.data[field] !== undefined, field)
  await eventually('the next has come', () => of(viewer, 'status').length > 1)
  assert.ok(!('zram' in (of(viewer, 'status')[1]?.data ?? {})), 'nothing has changed')
  assert.ok('nowMilliseconds' in (of(viewer, 'status')[1]?.data ?? {}))
  samples = samples.slice(0, 2)
  await eventually('the change has come', () =>
    of(viewer, 'status').some(({ data }, at) => at > 0 && 'zram' in data),
  )
  assert.equal(of(viewer, 'history').length, 1)
})

test('live: events come as the filter lets them pass, those there are first', async () => {
  const events = new EventTail(() => performance.now())
  events.take('kmsg', [record(6, 'early noise'), record(3, 'early error')])
  await using live = await serve({ events })
  using all = await live.view()
  using some = await live.view('?priority=err&source=kmsg')
  await eventually('both have begun', () => of(all, 'events').length + of(some, 'events').length === 2)
  events.take('kmsg', [record(6, 'noise'), record(2, 'worse')])
  events.take('journald', [record(2, 'elsewhere')])
  const bodies = (viewer: Viewer) =>
    of(viewer, 'events')
      .flatMap(({ data }) => (Array.isArray(data.events) ? data.events : []))
      .map(({ body }) => body)
  await eventually('all have come', () => bodies(all).length === 5)
  await eventually('some have come', () => bodies(some).length === 2)
  assert.deepEqual(bodies(all), ['early noise', 'early error', 'noise', 'worse', 'elsewhere'])
  assert.deepEqual(bodies(some), ['early error', 'worse'])
  assert.deepEqual(
    of(some, 'events').map(({ data }) => data.reset),
    [true, false],
  )
})

test('live: what comes faster than the tail keeps is a number', async () => {
  const events = new EventTail(() => performance.now())
  await using live = await serve({ events })
  using viewer = await live.view()
  await eventually('it has begun', () => of(viewer, 'events').length === 1)
  events.take(
    'kmsg',
    Array.from({ length: 4000 }, (_, at) => record(6, `line ${at}`)),
  )
  await eventually('the rest is told', () => of(viewer, 'events').length === 2)
  const data = of(viewer, 'events')[1]?.data
  assert.equal(data?.missing, 3700)
  assert.equal(Array.isArray(data?.events) && data.events.length, 300)
})

test('live: a point of the history follows the history', async () => {
  const history = new History()
  history.record(1000, fixedSamples.zram ?? [])
  await using live = await serve({ history })
  using viewer = await live.view()
  await eventually('the history has come', () => of(viewer, 'history').length === 1)
  assert.deepEqual(of(viewer, 'history')[0]?.data.timesMilliseconds, [1000])
  history.record(16_000, fixedSamples.zram ?? [])
  await eventually('the point has come', () => of(viewer, 'point').length === 1)
  assert.equal(of(viewer, 'point')[0]?.data.timeMilliseconds, 16_000)
})

test('live: a seventeenth viewer is told to come back, a priority that is none is refused', async () => {
  await using live = await serve()
  using viewers = new DisposableStack()
  for (let i = 0; i < 16; i++) assert.equal(viewers.use(await live.view()).status, 200)
  using late = await live.view()
  assert.equal(late.status, 503)
  assert.equal(late.response.headers['retry-after'], '10')
  using wrong = await live.view('?priority=loud')
  assert.equal(wrong.status, 400)
})

test('live: a viewer that does not read is cut off, and the others go on', async () => {
  const events = new EventTail(() => performance.now())
  const live = new Live({ status: { ...fixedStatus(), events }, eventsMilliseconds: 5 })
  const server = createServer((_request, response) => {
    const answer = live.open({})
    if ('begin' in answer) answer.begin(response)
  }).listen(0, '127.0.0.1')
  await eventually('it listens', () => server.listening)
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  using deaf = await viewerOf(port, '/')
  using well = await viewerOf(port, '/')
  assert.equal(live.viewers, 2)
  deaf.response.pause()
  const long = 'x'.repeat(1000)
  await eventually('one is cut off', () => {
    events.take('kmsg', [...Array.from({ length: 300 }, () => record(6, long))])
    return live.viewers === 1
  })
  const { length } = of(well, 'events')
  events.take('kmsg', [record(3, 'the others go on')])
  await eventually('the other goes on', () => of(well, 'events').length > length)
  assert.ok(!well.ended())
  live.close()
  server.close()
  server.closeAllConnections()
})

test('live: the server closes at once whoever looks', async () => {
  const live = await serve()
  using viewer = await live.view()
  await eventually('it has begun', () => of(viewer, 'events').length === 1)
  await live.close()
  await eventually('the stream has ended', () => viewer.ended())
})
