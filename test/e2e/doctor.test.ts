/** `remora doctor` on this machine: receivers that answer and that do not, folders that cannot be written, an agent that runs. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer, type OutgoingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { collectors } from '../../collectors/all.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { mountTmpfs } from '../own-mount.ts'
import { freePort } from '../prometheus-server.ts'
import { remora, startAgent, workFolder } from './agent.ts'

/** Of the collectors only the root is asked, unless a test says otherwise. */
const others = Object.fromEntries(
  collectors.filter(({ name }) => name !== 'root').map(({ name }) => [name, { enabled: false }]),
)

/** A server that answers everything alike, and notes with which methods it was asked. */
async function answering(status: number, headers: OutgoingHttpHeaders = {}) {
  const methods: (string | undefined)[] = []
  const server = createServer(({ method }, response) => {
    methods.push(method)
    response.writeHead(status, headers).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('Cannot listen')
  return {
    host: `127.0.0.1:${address.port}`,
    url: `http://127.0.0.1:${address.port}/push`,
    methods,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function doctor(t: Parameters<typeof remora>[0], cwd: string, config: unknown, env = {}) {
  await writeFile(join(cwd, 'doctor.yaml'), typeof config === 'string' ? config : stringify(config))
  const ended = await remora(t, ['--config', 'doctor.yaml', 'doctor', '--json'], { cwd, env })
  const findings: Finding[] = JSON.parse(ended.stdout)
  return { ...ended, findings, of: (check: string) => findings.filter((finding) => finding.check === check) }
}

test('doctor: a node that has all it needs', async (t) => {
  const cwd = await workFolder(t)
  await using receiver = await answering(405)
  const port = await freePort()
  const config = {
    server: { listen: `127.0.0.1:${port}` },
    collectors: others,
    sinks: {
      away: { type: 'loki', url: receiver.url },
      here: { type: 'file', path: 'out' },
    },
  }
  const { code, of, findings } = await doctor(t, cwd, config)
  assert.deepEqual(
    findings.filter(({ level }) => level === 'problem'),
    [],
  )
  assert.equal(code, 0)
  assert.match(of('root')[0]?.saw ?? '', /outlives a reboot|a reboot forgets it/)
  assert.match(of('sink away')[0]?.saw ?? '', /answers$/)
  assert.match(of('listen')[0]?.saw ?? '', /is free/)
  assert.equal(of('spool')[0]?.level, 'ok')
  assert.deepEqual(receiver.methods, ['HEAD'], 'no record was sent')
  assert.deepEqual((await readdir(cwd)).sort(), ['doctor.yaml'], 'nothing is left behind')

  const shown = await remora(t, ['--config', 'doctor.yaml', 'doctor'], { cwd })
  assert.match(shown.stdout, /^ok +configuration: doctor\.yaml/)
  assert.match(shown.stdout, /\n\n0 problems, \d+ warnings?, \d+ ok\n$/)
  for (const line of shown.stdout.split('\n')) assert.ok(line.length <= 80, line)
  assert.ok(!shown.stdout.includes('\x1b'))
})

test('doctor: what is wrong is named, with what to do', async (t) => {
  const cwd = await workFolder(t)
  await using small = await mountTmpfs('1m')
  await using unknowing = await answering(401)
  await using ailing = await answering(503)
  await using late = await answering(204, { date: new Date(Date.now() - 3_600_000).toUTCString() })
  const closed = await freePort()
  const config = {
    server: { listen: `127.0.0.1:${closed}` },
    spool: { path: join(small.path, 'spool') },
    collectors: others,
    sinks: {
      gone: { type: 'loki', url: `http://127.0.0.1:${closed}/loki/api/v1/push` },
      unknowing: { type: 'loki', url: unknowing.url },
      ailing: { type: 'journal-remote', url: ailing.url },
      late: { type: 'prometheus', url: late.url },
      nowhere: { type: 'file', path: join(cwd, 'doctor.yaml') },
    },
  }
  const { code, of, findings } = await doctor(t, cwd, config)
  assert.equal(code, 1)
  const levels = Object.fromEntries(findings.map(({ check, level }) => [check, level]))
  assert.equal(levels['sink gone'], 'problem')
  assert.match(of('sink gone')[0]?.saw ?? '', /ECONNREFUSED/)
  assert.equal(levels['sink unknowing'], 'problem')
  assert.match(of('sink unknowing')[0]?.saw ?? '', /answers 401/)
  assert.equal(levels['sink ailing'], 'warning')
  assert.match(of('sink late')[1]?.saw ?? '', /clock is 36\d\d s ahead/)
  assert.match(of('sink nowhere')[0]?.saw ?? '', /is no folder/)
  assert.match(of('spool')[0]?.saw ?? '', /the bound is 64\.0 MiB/)
  for (const { level, todo } of findings) assert.equal(todo === undefined, level === 'ok')

  small.remount('ro')
  const { of: again } = await doctor(t, cwd, config)
  assert.match(again('spool')[0]?.saw ?? '', /EROFS/)
  assert.equal(again('spool')[0]?.level, 'problem')
})

test('doctor: a wrong configuration is one problem, in the words of check', async (t) => {
  const cwd = await workFolder(t)
  const { code, findings } = await doctor(t, cwd, 'server:\n  lisen: 1\n')
  assert.equal(code, 1)
  assert.equal(findings.length, 1)
  assert.match(findings[0]?.saw ?? '', /lisen/)
})

test('doctor: an agent that runs, an address that is taken, a collector that fails', async (t) => {
  const cwd = await workFolder(t)
  const agent = await startAgent(t, cwd, { config: { collectors: others } })
  const listen = { listen: `127.0.0.1:${agent.port}` }
  const { of } = await doctor(t, cwd, { server: listen, collectors: others })
  assert.match(of('listen')[0]?.saw ?? '', /an agent runs at .* is healthy and ready/)
  await agent.stop()

  await using taken = await answering(200)
  const bin = join(cwd, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'storcli64'), '#!/bin/sh\necho "Segmentation fault" >&2\nexit 139\n', {
    mode: 0o755,
  })
  const { of: other, code } = await doctor(t, cwd, {
    server: { listen: taken.host },
    paths: { tools: [bin] },
    collectors: { ...others, raid: {} },
  })
  assert.equal(code, 1)
  assert.match(other('listen')[0]?.saw ?? '', /EADDRINUSE/)
  assert.match(other('raid')[0]?.saw ?? '', /storcli64/)
  assert.notEqual(other('raid')[0]?.level, 'ok')
})
