/** `remora doctor` on this machine: receivers that answer and that do not, folders that cannot be written, an agent that runs. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { cp, mkdir, open, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer, type OutgoingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { collectors } from '../../collectors/all.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { hungMounts } from '../hung-mounts.ts'
import { mountTmpfs } from '../own-mount.ts'
import { privateJournald } from '../private-journald.ts'
import { freePort } from '../prometheus-server.ts'
import { bundle, eventually, remora, startAgent, workFolder } from './agent.ts'

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

async function doctor(t: Parameters<typeof remora>[0], cwd: string, config: unknown, ...flags: string[]) {
  await writeFile(join(cwd, 'doctor.yaml'), typeof config === 'string' ? config : stringify(config))
  const ended = await remora(t, ['--config', 'doctor.yaml', 'doctor', '--json', ...flags], { cwd })
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
  assert.match(shown.stdout, /\n\n0 problems, \d+ warnings?, \d+ unknown, \d+ ok\n$/)
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
  assert.match(of('spool')[0]?.saw ?? '', /takes 0 B of at most 64\.0 MiB, its file system has \d+\.\d KiB/)
  assert.equal(of('spool')[0]?.level, 'warning')
  assert.match(of('spool')[1]?.saw ?? '', /is in memory, on a tmpfs: it does not outlast a reboot$/)
  for (const { level, todo } of findings)
    assert.equal(todo === undefined, level === 'ok' || level === 'unknown')

  small.remount('ro')
  const { of: again } = await doctor(t, cwd, config)
  assert.match(again('spool')[0]?.saw ?? '', /EROFS/)
  assert.equal(again('spool')[0]?.level, 'problem')
})

test('doctor: of a wrong configuration each mistake is a problem with its place, and the node is looked at with the rest', async (t) => {
  const cwd = await workFolder(t)
  await using receiver = await answering(405)
  const wrong = {
    server: { lisen: 1 },
    spool: { max_bytes: 2_000_000 },
    collectors: { ...others, nosuch: {} },
    sinks: { away: { type: 'loki', url: receiver.url } },
  }
  const { code, of, findings } = await doctor(t, cwd, wrong)
  assert.equal(code, 1)
  const [first, second, ...more] = of('configuration')
  assert.deepEqual(more, [])
  assert.match(
    first?.saw ?? '',
    /^Cannot use doctor\.yaml:2:3: server\.lisen: unknown key; did you mean "listen"/,
  )
  assert.match(second?.saw ?? '', /^Cannot use doctor\.yaml:\d+:3: collectors\.nosuch: unknown key/)
  assert.equal(of('sink away')[0]?.level, 'ok')
  assert.match(of('spool')[0]?.saw ?? '', /of at most 1\.9 MiB/)
  for (const check of ['root', 'memory', 'clock', 'time service', 'capabilities', 'listen', 'unit'])
    assert.ok(of(check).length > 0, check)
  assert.deepEqual(
    findings.filter(({ check }) => others[check] !== undefined),
    [],
    'what is switched off stays so',
  )
})

test('doctor: what hangs is a problem once the time is over, beside what answered, and nothing is left', async (t) => {
  const cwd = await workFolder(t)
  await using hung = await hungMounts(1)
  hung.beKillable()
  const bin = join(cwd, 'bin')
  await mkdir(bin)
  const script = `#!/bin/sh\necho $$ > "${cwd}/pid"\nexec sleep 1000\n`
  await writeFile(join(bin, 'storcli64'), script, { mode: 0o755 })
  const config = {
    paths: { tools: [bin] },
    collectors: { ...others, raid: {} },
    sinks: { hung: { type: 'file', path: join(hung.paths[0] ?? '', 'out') } },
  }
  const { code, of } = await doctor(t, cwd, config, '--deadline', '4')
  assert.equal(code, 1)
  for (const check of ['sink hung', 'raid'])
    assert.deepEqual(
      of(check).map(({ level, saw }) => [level, saw]),
      [['problem', 'no answer in time']],
    )
  assert.equal(of('capabilities')[0]?.level, 'ok')
  const pid = (await readFile(join(cwd, 'pid'), 'utf8')).trim()
  await eventually('the tool is gone', () => !existsSync(`/proc/${pid}/exe`))
})

test('doctor: a unit that is not enabled, capabilities that lack, a journal of a newer systemd, a spool near its bound', async (t) => {
  const cwd = await workFolder(t)
  const root = join(cwd, 'root')
  const units = join(root, 'usr/lib/systemd/system')
  const unit = join(import.meta.dirname, '../../systemd/remora.service')
  for (const folder of [units, join(root, 'run/systemd/system')]) await mkdir(folder, { recursive: true })
  await cp(unit, join(units, 'remora.service'))
  {
    await using journal = await privateJournald()
    await journal.log(['one'])
    await cp(join(journal.root, 'run/log/journal'), join(root, 'run/log/journal'), { recursive: true })
  }
  const strange = globSync(join(root, 'run/log/journal/*/*.journal')).at(0) ?? ''
  await using file = await open(strange, 'r+')
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 12)
  await file.write(Buffer.of((buffer[0] ?? 0) | 0x40), 0, 1, 12)
  const spool = join(cwd, 'spool')
  await mkdir(spool)
  await writeFile(join(spool, 'spool.sqlite'), Buffer.alloc(900_000))
  await writeFile(join(spool, 'spool.sqlite-wal'), Buffer.alloc(100_000))

  const config = {
    paths: { root },
    spool: { path: spool, max_bytes: 1 << 20 },
    collectors: { ...others, kmsg: {}, journald: {} },
  }
  await writeFile(join(cwd, 'doctor.yaml'), stringify(config))
  const look = async (...before: readonly string[]) => {
    const [program = '', ...args] = [...before, process.execPath, bundle, '--config', 'doctor.yaml']
    const ended = spawnSync(program, [...args, 'doctor', '--json'], { cwd, encoding: 'utf8' })
    const findings: Finding[] = JSON.parse(ended.stdout)
    return (check: string) => findings.filter((finding) => finding.check === check)
  }
  const of = await look('setpriv', '--bounding-set', '-syslog,-dac_read_search')
  assert.deepEqual(
    [...of('unit'), ...of('capabilities')].map(({ level, saw }) => [level, saw]),
    [
      [
        'warning',
        '/usr/lib/systemd/system/remora.service is installed and disabled: it does not start by itself',
      ],
      [
        'warning',
        'this process lacks CAP_SYSLOG (kmsg), CAP_DAC_READ_SEARCH (journald): some of what is there cannot be read',
      ],
    ],
  )
  const [journal] = of('journald')
  assert.equal(journal?.level, 'warning')
  assert.equal(
    journal?.saw,
    `${strange} can be read by journalctl alone: incompatible flags 0x40 of a newer systemd`,
  )
  assert.match(of('spool')[0]?.saw ?? '', /takes 976\.6 KiB of at most 1\.0 MiB/)
  assert.match(of('spool')[0]?.todo ?? '', /RemoraSpoolNearBound/)

  const wants = join(root, 'etc/systemd/system/multi-user.target.wants')
  await mkdir(wants, { recursive: true })
  await symlink('/usr/lib/systemd/system/remora.service', join(wants, 'remora.service'))
  const again = await look()
  assert.match(again('unit')[0]?.saw ?? '', /is installed and enabled$/)
  assert.equal(again('capabilities')[0]?.level, 'ok')
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
