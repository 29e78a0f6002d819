import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { systemClock } from '../../../src/clock.ts'
import { ConfigError } from '../../../src/errors.ts'
import { type Answer, httpSink } from '../../../src/forwarders/http.ts'
import { prometheusSink } from '../../../src/sink-schemas.ts'
import { version } from '../../../src/version.ts'
import { freePort } from '../../prometheus-server.ts'
import { selfSigned } from '../../self-signed.ts'
import { always, startReceiver } from './receiver.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remora-http-'))
})
after(() => rm(folder, { recursive: true }))

const never = new AbortController().signal

function sink(settings: object) {
  const config = prometheusSink.parse({ type: 'prometheus', ...settings })
  const http = httpSink(config, systemClock)
  return {
    post: (signal = never): Promise<Answer> =>
      http.exchange('POST', { 'content-type': 'text/plain' }, Buffer.from('body'), signal),
    [Symbol.asyncDispose]: () => http.close(),
  }
}

/** Writes a file of the test's folder. @returns its path */
async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

test('http sends the body with its own headers, the configured ones, and keeps the connection', async () => {
  await using receiver = await startReceiver(always(204))
  await using http = sink({ url: receiver.url, headers: { 'X-Scope-OrgID': 'tenant-1' } })
  for (let count = 0; count < 5; count += 1) assert.equal((await http.post()).outcome.is, 'accepted')
  assert.equal(receiver.posts.length, 5)
  assert.equal(receiver.connections(), 1)
  const [first] = receiver.posts
  assert.equal(first?.body.toString(), 'body')
  assert.equal(first?.headers['user-agent'], `remora/${version}`)
  assert.equal(first?.headers['x-scope-orgid'], 'tenant-1')
  assert.equal(first?.headers['content-type'], 'text/plain')
  assert.equal(first?.headers.authorization, undefined)
})

test('http keeps the first 4 KiB of what a receiver says, on one line', async () => {
  await using receiver = await startReceiver(always(400, `first\r\n\tsecond\u0000 ${'x'.repeat(3_000_000)}`))
  await using http = sink({ url: receiver.url })
  const { outcome } = await http.post()
  assert.equal(outcome.is, 'refused')
  const words = outcome.is === 'refused' ? outcome.words : ''
  assert.equal(words.startsWith('400 first second xxx'), true)
  assert.equal(words.length > 4000 && words.length <= 4100, true)
})

test('http shows no secret that a receiver repeats', async () => {
  const bearer_token_file = await file('repeated-token', 'hunter2-hunter2\n')
  const password_file = await file('repeated-password', 'sesame-sesame\n')
  await using receiver = await startReceiver((response, { headers }) => {
    const location = '/login?next=/write%3Fkey=deep-secret#hunter2-hunter2'
    response.writeHead(headers['x-key'] ? 302 : 400, { location })
    response.end(`${JSON.stringify(headers)} key=deep-secret sesame-sesame`)
  })
  const url = `${receiver.url}?key=deep-secret`
  await using token = sink({ url, bearer_token_file })
  await using password = sink({ url, basic_auth: { username: 'me', password_file } })
  await using header = sink({ url, headers: { 'X-Key': 'hunter2-hunter2' } })
  for (const http of [token, password, header]) {
    const shown = JSON.stringify((await http.post()).outcome)
    assert.match(shown, /\(hidden\)/)
    assert.doesNotMatch(shown, /hunter2|deep-secret|bWU6/)
  }
  assert.doesNotMatch(JSON.stringify((await password.post()).outcome), /sesame/)
})

test('http takes the first of two headers of one name', async () => {
  const answer =
    'HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nRetry-After: 9\r\nLocation: /a\r\nLocation: /b\r\n\r\n'
  const server = createServer((socket) => socket.once('data', () => socket.end(answer)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  try {
    await using http = sink({ url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/` })
    assert.deepEqual((await http.post()).outcome, { is: 'retry', words: '503', retryAfterSeconds: 7 })
  } finally {
    server.close()
  }
})

test('http follows no redirect', async () => {
  await using elsewhere = await startReceiver(always(204))
  await using receiver = await startReceiver(always(307, '', { location: elsewhere.url }))
  await using http = sink({ url: receiver.url })
  assert.equal((await http.post()).outcome.is, 'down')
  assert.equal(elsewhere.posts.length, 0)
})

test('http takes a refused connection and an unknown name as not sent', async () => {
  await using refused = sink({ url: `http://127.0.0.1:${await freePort()}/` })
  const { outcome } = await refused.post()
  assert.deepEqual(Object.keys(outcome), ['is', 'words'])
  assert.match(outcome.is === 'retry' ? outcome.words : '', /^Cannot reach http:.*ECONNREFUSED/)
  await using unknown = sink({ url: 'http://no-such-host.invalid/' })
  const answer = await unknown.post()
  assert.deepEqual(Object.keys(answer.outcome), ['is', 'words'])
})

test('http takes a connection reset after the request, and a timeout, as unanswered', async () => {
  await using receiver = await startReceiver((response) => response.socket?.resetAndDestroy())
  await using http = sink({ url: receiver.url })
  const { outcome } = await http.post()
  assert.equal(outcome.is === 'retry' && outcome.unanswered, true)
  assert.equal(receiver.posts.length, 1)

  await using silent = await startReceiver(() => undefined)
  await using impatient = sink({ url: silent.url, retry: { timeout_seconds: 0.3 } })
  const late = await impatient.post()
  assert.deepEqual(late.outcome, {
    is: 'retry',
    words: `${silent.url} has not answered for 0.3 s`,
    unanswered: true,
  })
  assert.equal(silent.posts.length, 1)
})

test('http reads an answer that came in time while its own process stood still for longer', async () => {
  const receiver = new Worker(
    `const { parentPort } = require('node:worker_threads')
    const server = require('node:http').createServer((request, response) => {
      request.resume().on('end', () => setTimeout(() => response.writeHead(204).end(), 50))
    })
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`,
    { eval: true },
  )
  try {
    const [port] = await once(receiver, 'message')
    await using http = sink({ url: `http://127.0.0.1:${port}/`, retry: { timeout_seconds: 0.3 } })
    assert.equal((await http.post()).outcome.is, 'accepted')
    const answer = http.post()
    await new Promise((resolve) => setTimeout(resolve, 10))
    // Behind an immediate, what is due comes before what has arrived.
    await new Promise(setImmediate)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
    assert.equal((await answer).outcome.is, 'accepted')
  } finally {
    await receiver.terminate()
  }
})

test('http counts an answer whose body stalls by its status', async () => {
  await using receiver = await startReceiver((response) => {
    response.writeHead(400, { 'content-length': 100 })
    response.write('bad sample')
  })
  await using http = sink({ url: receiver.url, retry: { timeout_seconds: 0.3 } })
  assert.deepEqual((await http.post()).outcome, { is: 'refused', words: '400 bad sample (cut off)' })
})

test('http stops at once when its caller does', async () => {
  await using receiver = await startReceiver(() => undefined)
  await using http = sink({ url: receiver.url })
  const started = performance.now()
  const { outcome } = await http.post(AbortSignal.timeout(50))
  assert.equal(outcome.is === 'retry' && outcome.unanswered, true)
  assert.equal(performance.now() - started < 5000, true)
})

test('http uses a rotated token without a restart, and the last one while there is none', async () => {
  await using receiver = await startReceiver(always(204))
  const path = await file('token', 'first\n')
  await using http = sink({ url: receiver.url, bearer_token_file: path })
  await http.post()
  await writeFile(path, 'second')
  await http.post()
  await rename(await file('token.new', 'third\r\n'), path)
  await http.post()
  await rm(path)
  await http.post()
  await writeFile(path, '')
  await http.post()
  assert.deepEqual(
    receiver.posts.map(({ headers }) => headers.authorization),
    ['Bearer first', 'Bearer second', 'Bearer third', 'Bearer third', 'Bearer third'],
  )
})

test('http sends basic authentication with the password from its file', async () => {
  await using receiver = await startReceiver(always(204))
  const basic_auth = { username: 'node', password_file: await file('password', 'pässword\n') }
  await using http = sink({ url: receiver.url, basic_auth })
  await http.post()
  const expected = `Basic ${Buffer.from('node:pässword').toString('base64')}`
  assert.equal(receiver.posts[0]?.headers.authorization, expected)
})

test('http goes on to the next receiver after a failure and stays on the one that works', async () => {
  let healthy = false
  await using first = await startReceiver((response) => response.writeHead(healthy ? 204 : 503).end())
  await using second = await startReceiver((response, _received, count) =>
    response.writeHead(count === 4 ? 429 : 204).end(),
  )
  const gone = `http://127.0.0.1:${await freePort()}/write`
  await using http = sink({ urls: [first.url, gone, second.url] })
  const seen: string[] = []
  for (let count = 0; count < 7; count += 1) {
    const { endpoint, outcome } = await http.post()
    seen.push(`${[first.url, gone, second.url].indexOf(endpoint)} ${outcome.is}`)
    healthy = count >= 3
  }
  // Told to slow down, it stays: that receiver works.
  const works = '2 accepted'
  assert.deepEqual(seen, ['0 retry', '1 retry', works, works, works, '2 retry', works])
})

test('http trusts a private authority, shows a client certificate, and calls distrust down', async () => {
  const server = selfSigned('receiver')
  const client = selfSigned('node')
  const tls = { cert: server.cert, key: server.key, requestCert: true, ca: client.cert }
  await using receiver = await startReceiver(always(204), { ...tls, rejectUnauthorized: true })
  const ca_file = await file('ca.pem', server.cert)
  const cert_file = await file('client.pem', client.cert)
  const key_file = await file('client.key', client.key)

  await using trusting = sink({ url: receiver.url, tls: { ca_file, cert_file, key_file } })
  assert.deepEqual((await trusting.post()).outcome, { is: 'accepted' })

  await using distrusting = sink({ url: receiver.url, tls: { cert_file, key_file } })
  const distrust = (await distrusting.post()).outcome
  assert.equal(distrust.is, 'down')
  assert.match(
    distrust.is === 'down' ? distrust.words : '',
    /^Cannot trust https:.*DEPTH_ZERO_SELF_SIGNED_CERT/,
  )

  await using unknown = sink({ url: receiver.url, tls: { ca_file } })
  // Node's server closes on a stranger without a TLS alert, so the certificate is not known to be the reason.
  assert.equal((await unknown.post()).outcome.is, 'retry')

  await using misnamed = sink({
    url: receiver.url,
    tls: { ca_file, cert_file, key_file, server_name: 'other.example' },
  })
  assert.equal((await misnamed.post()).outcome.is, 'down')

  await using plain = sink({ url: receiver.url.replace('https', 'http') })
  assert.notEqual((await plain.post()).outcome.is, 'refused')
  assert.equal(receiver.posts.length, 1)
})

test('http calls TLS to a port that speaks none down', async () => {
  await using receiver = await startReceiver(always(204))
  await using http = sink({ url: receiver.url.replace('http', 'https') })
  assert.equal((await http.post()).outcome.is, 'down')
})

test('http takes an answer that is not HTTP as unanswered', async () => {
  const server = createServer((socket) => socket.end('SSH-2.0-nonsense\r\n')).listen(0, '127.0.0.1')
  try {
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    await using http = sink({ url: `http://127.0.0.1:${port}/` })
    const { outcome } = await http.post()
    assert.equal(outcome.is === 'retry' && outcome.unanswered, true)
  } finally {
    server.close()
  }
})

test('http refuses a wrong configuration, naming the key and the file, never a secret', async () => {
  const url = 'http://127.0.0.1:1/'
  const good = selfSigned('good')
  const other = selfSigned('other')
  const missing = join(folder, 'missing')
  const garbage = await file('garbage', 'garbage')
  const empty = await file('empty', '\n')
  const twoLines = await file('two-lines', 'hunter2\nhunter3\n')
  const cert_file = await file('good.pem', good.cert)
  const key_file = await file('other.key', other.key)
  const cases: readonly (readonly [object, RegExp])[] = [
    [{}, /^Cannot send: give either url or urls$/],
    [{ url, urls: [url] }, /^Cannot send: give either url or urls$/],
    [{ url: 'http://user:hunter2@127.0.0.1/x' }, /^Cannot use the url "http:\/\/127.0.0.1\/x" with a user/],
    [{ url, bearer_token_file: missing }, /^Cannot use bearer_token_file ".*\/missing": ENOENT/],
    [{ url, bearer_token_file: empty }, /^Cannot use bearer_token_file ".*\/empty": it is empty$/],
    [
      { url, bearer_token_file: twoLines },
      /^Cannot use bearer_token_file ".*two-lines": it has more than one/,
    ],
    [
      { url, basic_auth: { username: 'u', password_file: missing } },
      /^Cannot use basic_auth.password_file "/,
    ],
    [
      { url, bearer_token_file: garbage, basic_auth: { username: 'u', password_file: garbage } },
      /^Cannot use bearer_token_file together with basic_auth$/,
    ],
    [{ url, tls: { ca_file: missing } }, /^Cannot use tls.ca_file ".*\/missing": ENOENT/],
    [{ url, tls: { ca_file: garbage } }, /^Cannot use tls.ca_file ".*\/garbage": /],
    [{ url, tls: { cert_file } }, /^Cannot use tls: cert_file and key_file go together$/],
    [{ url, tls: { cert_file: garbage, key_file } }, /^Cannot use tls.cert_file ".*\/garbage": /],
    [{ url, tls: { cert_file, key_file: garbage } }, /^Cannot use tls.key_file ".*\/garbage": /],
    [{ url, tls: { cert_file, key_file } }, /^Cannot use tls.key_file ".*\/other.key": /],
    [{ url, headers: { 'Content-Length': '5' } }, /^Cannot set headers.Content-Length: the sink sets it/],
    [{ url, headers: { 'X-A': 'a\r\nB: c' } }, /^Cannot set headers.X-A: it has characters/],
  ]
  for (const [settings, message] of cases) {
    assert.throws(
      () => sink(settings),
      (error) => {
        assert.equal(error instanceof ConfigError, true)
        assert.match(error instanceof Error ? error.message : '', message)
        assert.equal(String(error).includes('hunter2'), false)
        return true
      },
    )
  }
  assert.equal(cases.length, 16)
})
