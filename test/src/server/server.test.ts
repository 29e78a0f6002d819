import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { Counter, Registry } from 'prom-client'
import { gauge, type Sample } from '../../../src/model.ts'
import { type ServerOptions, startServer } from '../../../src/server/server.ts'
import { parseOpenMetrics, parseText } from '../read-exposition.ts'
import { type Changes, fixedStatus, offNodeSink } from './fixed-status.ts'

/** A real server on a free port, stopped when the test leaves its scope. */
async function serve(changes: Changes = {}, options: Partial<ServerOptions> = {}) {
  const registry = new Registry()
  new Counter({ name: 'remora_tests_total', help: 'Tests.', registers: [registry] }).inc(3)
  const server = await startServer({
    listen: '127.0.0.1:0',
    status: fixedStatus(changes),
    registry,
    ...options,
  })
  return {
    port: server.port,
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.close(),
  }
}

/** Sends bytes as they are and returns all that comes back. */
async function raw(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  socket.on('error', () => undefined)
  socket.write(request)
  await once(socket, 'close')
  return text
}

test('server answers /metrics as text with every collector and the own metrics', async () => {
  await using server = await serve()
  const response = await fetch(`${server.url}/metrics`)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  assert.equal(response.headers.get('vary'), 'Accept, Accept-Encoding')
  const { samples } = parseText(await response.text())
  assert.equal(samples.length, 12)
  assert.deepEqual(
    samples.find(({ name }) => name === 'remora_tests_total'),
    { name: 'remora_tests_total', labels: {}, value: 3 },
  )
})

test('server answers /metrics as OpenMetrics when asked, with the same series', async () => {
  await using server = await serve()
  const response = await fetch(`${server.url}/metrics`, {
    headers: { Accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' },
  })
  assert.equal(
    response.headers.get('content-type'),
    'application/openmetrics-text; version=1.0.0; charset=utf-8',
  )
  const open = parseOpenMetrics(await response.text())
  const text = parseText(await (await fetch(`${server.url}/metrics`)).text())
  assert.equal(open.samples.length, 12)
  assert.deepEqual(open.samples, text.samples)
})

test('server compresses with gzip only when it is accepted', async () => {
  await using server = await serve()
  const ask = async (encoding: string) =>
    await raw(
      server.port,
      `GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept-Encoding: ${encoding}\r\n\r\n`,
    )
  assert.doesNotMatch(await ask('identity'), /content-encoding/i)
  assert.doesNotMatch(await ask('gzip;q=0'), /content-encoding/i)
  assert.match(await ask('gzip'), /Content-Encoding: gzip/)
  const socket = connect(server.port, '127.0.0.1')
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n')
  const pieces: Buffer[] = []
  for await (const piece of socket) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  const body = gunzipSync(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)).toString('utf8')
  assert.equal(parseText(body).samples.length, 12)
})

test('server collects only what collect[] names, without the own metrics', async () => {
  const asked: (readonly string[] | undefined)[] = []
  await using server = await serve({
    refresh: async (names) => {
      asked.push(names)
    },
  })
  const names = async (query: string) =>
    parseText(await (await fetch(`${server.url}/metrics${query}`)).text()).samples.map(({ name }) => name)
  assert.deepEqual(await names('?collect[]=host'), ['node_load1'])
  assert.deepEqual(await names('?collect[]=host&collect%5B%5D=root&collect[]=host'), [
    'node_load1',
    'node_root_info',
  ])
  assert.deepEqual(await names('?collect[]=raid'), [])
  assert.equal((await names('')).length, 12)
  assert.deepEqual(asked, [['host'], ['host', 'root'], ['raid'], undefined])
})

test('server refuses an unknown collector with its name and the known ones', async () => {
  await using server = await serve()
  const response = await fetch(`${server.url}/metrics?collect[]=host&collect[]=nope`)
  assert.equal(response.status, 400)
  assert.equal(
    await response.text(),
    'Cannot collect "nope": no such collector. Known: zram, root, host, raid\n',
  )
})

test('server leaves out a duplicate series, says so once a scrape, and serves the rest', async () => {
  const metric = gauge('thing', 'none', 'x', 'A thing.', ['a'])
  const samples: Sample[] = [1, 2].map((value) => ({ metric, value, labels: { a: 'b' } }))
  const dropped: string[] = []
  await using server = await serve({ samples }, { dropped: (series) => dropped.push(series) })
  const page = parseText(await (await fetch(`${server.url}/metrics`)).text())
  assert.deepEqual(
    page.samples.map(({ value }) => value),
    [3, 1],
  )
  assert.deepEqual(dropped, ['thing{a="b"}'])
})

test('server answers with the last readings when a refresh outlasts the scrape time-out', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  await using server = await serve({ refresh: () => held })
  const start = performance.now()
  const response = await fetch(`${server.url}/metrics`, {
    headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '0.5' },
  })
  assert.equal(parseText(await response.text()).samples.length, 12)
  assert.ok(performance.now() - start >= 390, 'it waited for the refresh')
  release()
})

test('server runs at most eight scrapes at once and refuses more in words', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  let refreshes = 0
  await using server = await serve({
    refresh: async () => {
      refreshes += 1
      await held
    },
  })
  const waiting = Array.from({ length: 8 }, () => fetch(`${server.url}/metrics`))
  while (refreshes < 8) await new Promise((resolve) => setTimeout(resolve, 5))
  const refused = await fetch(`${server.url}/metrics`)
  assert.equal(refused.status, 503)
  assert.equal(refused.headers.get('retry-after'), '1')
  assert.equal(await refused.text(), 'Cannot answer now: 8 requests are under way\n')
  assert.equal((await fetch(`${server.url}/-/healthy`)).status, 200)
  release()
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    Array(8).fill(200),
  )
  assert.equal((await fetch(`${server.url}/metrics`)).status, 200)
})

test('server is healthy always and ready once nothing is missing', async () => {
  const missing = ['the spool is not open', 'no collector has finished']
  await using starting = await serve({ notReady: missing })
  assert.equal((await fetch(`${starting.url}/-/healthy`)).status, 200)
  const notReady = await fetch(`${starting.url}/-/ready`)
  assert.equal(notReady.status, 503)
  assert.equal(
    await notReady.text(),
    'Remora is not ready:\nthe spool is not open\nno collector has finished\n',
  )
  await using running = await serve()
  const ready = await fetch(`${running.url}/-/ready`)
  assert.equal(ready.status, 200)
  assert.equal(await ready.text(), 'Remora is ready.\n')
})

test('server answers 404 and 405 in plain words and HEAD without a body', async () => {
  await using server = await serve()
  const nothing = await fetch(`${server.url}/nothing`)
  assert.equal(nothing.status, 404)
  assert.equal(
    await nothing.text(),
    'There is nothing at /nothing. There is: /metrics, /, /page.js, /api/v1/status, /api/v1/history, /api/v1/events, /api/v1/live, /-/healthy, /-/ready\n',
  )
  assert.equal((await fetch(`${server.url}/constructor`)).status, 404)
  const post = await fetch(`${server.url}/metrics`, { method: 'POST', body: 'x'.repeat(100_000) })
  assert.equal(post.status, 405)
  assert.equal(post.headers.get('allow'), 'GET, HEAD')
  assert.equal(await post.text(), 'Cannot POST /metrics: only GET and HEAD\n')
  const head = await fetch(`${server.url}/metrics`, { method: 'HEAD' })
  assert.equal(head.status, 200)
  assert.ok(Number(head.headers.get('content-length')) > 100)
  assert.equal(await head.text(), '')
})

test('server survives whatever is sent to it', async () => {
  await using server = await serve()
  const bounded = 'Host: x\r\nConnection: close\r\n\r\n'
  const cases: readonly (readonly [string, RegExp])[] = [
    [`GET // HTTP/1.1\r\n${bounded}`, /^HTTP\/1.1 404 /],
    [`GET http://[::bad HTTP/1.1\r\n${bounded}`, /^HTTP\/1.1 400 /],
    [`GET /%ff%zz HTTP/1.1\r\n${bounded}`, /^HTTP\/1.1 404 /],
    [`GET /metrics?collect[]=%zz HTTP/1.1\r\n${bounded}`, /^HTTP\/1.1 400 /],
    [`OPTIONS * HTTP/1.1\r\n${bounded}`, /^HTTP\/1.1 404 /],
    [`GET //metrics HTTP/1.1\r\n${bounded}`, /^HTTP\/1.1 404 /],
    [`GET //[ HTTP/1.1\r\n${bounded}`, /^HTTP\/1.1 404 /],
    [`GET /metrics HTTP/1.1\r\nX: ${'a'.repeat(20_000)}\r\n${bounded}`, /^HTTP\/1.1 431 /],
    ['nonsense\r\n\r\n', /^HTTP\/1.1 400 /],
    [`CONNECT x:1 HTTP/1.1\r\n${bounded}`, /^$/],
    [`GET /-/healthy HTTP/1.1\r\nContent-Length: 5\r\n${bounded}`, /^HTTP\/1.1 200 .*Connection: close/s],
  ]
  for (const [request, expected] of cases) assert.match(await raw(server.port, request), expected)
  assert.equal((await fetch(`${server.url}/-/healthy`)).status, 200)
})

test('server ends a client that never ends its headers, within the time it has', async () => {
  await using server = await serve()
  const begun = performance.now()
  assert.match(await raw(server.port, 'GET /metrics HTTP/1.1\r\nHost: a\r\n'), /^HTTP\/1.1 408 /)
  // Looked at every 30 s, as Node does by itself, it would be up to 40.
  assert.ok(performance.now() - begun < 15_000)
})

test('server answers 500 in words and reports the error when a reading fails', async () => {
  const failures: Error[] = []
  const failing = { ...fixedStatus(), samples: () => Promise.reject(new Error('no samples')) }
  await using server = await serve({}, { status: failing, failed: (error) => failures.push(error) })
  const response = await fetch(`${server.url}/metrics`)
  assert.equal(response.status, 500)
  assert.equal(await response.text(), 'Cannot answer /metrics: no samples\n')
  assert.deepEqual(
    failures.map(({ message }) => message),
    ['no samples'],
  )
})

test('server shows the status as JSON with the ledger and how it adds up', async () => {
  await using server = await serve()
  const response = await fetch(`${server.url}/api/v1/status`)
  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8')
  const view: unknown = await response.json()
  assert.partialDeepStrictEqual(view, {
    node: 'oss-12.cluster',
    root: { kind: 'zram', filesystem: 'ext4', device: '/dev/zram0', ephemeral: 'true' },
    atRisk: { records: 1234, samples: 4990 },
    sinks: [
      { name: 'local', held: { records: 8, samples: 0 }, lost: { records: 2, samples: 0 } },
      { name: 'prometheus', held: { records: 0, samples: 4900 }, quarantined: { records: 0, samples: 90 } },
    ],
    ledger: {
      sources: [
        { source: 'zram', difference: 0 },
        { source: 'metrics', difference: 1 },
      ],
      sinks: [
        { sink: 'local', source: 'zram', difference: 0, removed: false },
        { sink: 'local', source: 'metrics', difference: 0 },
        { sink: 'prometheus', source: 'metrics', difference: 7 },
      ],
    },
  })
})

test('server shows a sink the configuration no longer names as removed', async () => {
  await using server = await serve({ sinks: [offNodeSink] })
  const text = await (await fetch(`${server.url}/`)).text()
  assert.match(text, /local ← zram \(removed\)/)
  assert.doesNotMatch(text, /prometheus ← metrics \(removed\)/)
})

test('server listens on IPv6', async () => {
  const server = await startServer({ listen: '[::1]:0', status: fixedStatus(), registry: new Registry() })
  assert.equal((await fetch(`http://[::1]:${server.port}/-/healthy`)).status, 200)
  await server.close()
})

test('server says why it cannot listen', async () => {
  const other = createServer()
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  assert.ok(typeof address === 'object' && address !== null)
  const start = (listen: string) => startServer({ listen, status: fixedStatus(), registry: new Registry() })
  const taken = `127.0.0.1:${address.port}`
  await assert.rejects(start(taken), {
    message: `Cannot listen on "${taken}": another process listens there already`,
  })
  await assert.rejects(start('127.0.0.1:70000'), {
    message: 'Cannot listen on "127.0.0.1:70000": a port is a number from 0 to 65535',
  })
  await assert.rejects(start('203.0.113.7:0'), {
    message: 'Cannot listen on "203.0.113.7:0": this machine has no such address',
  })
  other.close()
})

test('server close lets a request under way finish and then refuses connections', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const { promise: reached, resolve: asked } = Promise.withResolvers<void>()
  const status = fixedStatus({
    refresh: () => {
      asked()
      return held
    },
  })
  const server = await startServer({ listen: '127.0.0.1:0', status, registry: new Registry() })
  const response = fetch(`http://127.0.0.1:${server.port}/metrics`)
  await reached
  const closed = server.close()
  release()
  assert.equal((await response).status, 200)
  await closed
  await assert.rejects(fetch(`http://127.0.0.1:${server.port}/-/healthy`))
})

test('server gives the script of the page once, by gzip, and 304 to who has it', async () => {
  await using server = await serve()
  const first = await fetch(`${server.url}/page.js`)
  assert.equal(first.headers.get('content-encoding'), 'gzip')
  assert.equal(first.headers.get('content-type'), 'text/javascript; charset=utf-8')
  const text = await first.text()
  assert.ok(text.includes('uPlot') && text.length > 50_000)
  const tag = first.headers.get('etag') ?? ''
  const again = await raw(
    server.port,
    `GET /page.js HTTP/1.1\r\nHost: x\r\nIf-None-Match: ${tag}\r\nConnection: close\r\n\r\n`,
  )
  assert.match(again, /^HTTP\/1\.1 304 /)
  const plain = await raw(server.port, 'GET /page.js HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  assert.doesNotMatch(plain, /Content-Encoding/)
  assert.ok(plain.endsWith(text))
})

test('server shows history and events as JSON', async () => {
  await using server = await serve()
  const history: unknown = await (await fetch(`${server.url}/api/v1/history`)).json()
  assert.deepEqual(history, { intervalSeconds: 15, timesMilliseconds: [], series: [] })
  const events: unknown = await (await fetch(`${server.url}/api/v1/events?priority=err`)).json()
  assert.deepEqual(events, { newest: 0, events: [] })
  const wrong = await fetch(`${server.url}/api/v1/events?priority=9`)
  assert.equal(wrong.status, 400)
  assert.match(await wrong.text(), /^Cannot filter by priority "9": known are emerg, .*, 0 to 7\n$/)
})
