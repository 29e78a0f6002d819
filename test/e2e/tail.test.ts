/** `remora tail` as it ships, beside a real journald of the test's own. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { privateJournald } from '../private-journald.ts'
import { bundle, eventually, remora, workFolder } from './agent.ts'

interface Tailing {
  readonly child: ChildProcess
  lines(): string[]
  complaints(): string
}

/** Starts `remora tail`, and waits until it follows the journal. */
async function tailing(t: TestContext, root: string, args: readonly string[]): Promise<Tailing> {
  const child = spawn(process.execPath, [bundle, 'tail', 'journald', ...args], {
    cwd: await workFolder(t),
    env: { PATH: process.env.PATH, TZ: 'UTC', REMORA_PATHS_ROOT: root },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  const said = { out: '', complaints: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.complaints += text
  })
  await eventually('the journal is followed', () => follows(child))
  return { child, lines: () => said.out.split('\n').slice(0, -1), complaints: () => said.complaints }
}

/** Whether it has a journal file open. */
async function follows({ pid }: ChildProcess): Promise<boolean> {
  const folder = `/proc/${pid}/fd`
  const open = await readdir(folder).catch(() => [])
  const paths = await Promise.all(open.map((name) => readlink(`${folder}/${name}`).catch(() => '')))
  return paths.some((path) => path.includes('.journal'))
}

/** How many processes read what this one has made for them. */
async function journalctlsOf({ pid }: ChildProcess): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const commands = await Promise.all(
    pids.map((one) => readFile(`/proc/${one}/cmdline`, 'utf8').catch(() => '')),
  )
  return commands.filter((line) => line.startsWith('journalctl') && line.includes(`remora-journal-${pid}-`))
    .length
}

async function assertNothingLeft(child: ChildProcess): Promise<void> {
  await eventually('journalctl is gone', async () => (await journalctlsOf(child)) === 0)
  const left = (await readdir(tmpdir())).filter((name) => name.startsWith(`remora-journal-${child.pid}-`))
  assert.deepEqual(left, [])
}

const ended = async (child: ChildProcess) => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return { code: child.exitCode, signal: child.signalCode }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`tail prints what journald writes from now on, and ${signal} ends it with 0 and nothing left`, async (t) => {
    await using journal = await privateJournald()
    await journal.log(['long before'])
    await sleep(2100) // It begins at a whole second.
    const { child, lines, complaints } = await tailing(t, journal.root, [])
    await journal.log(['<3>first', 'second'])
    await eventually('two lines', () => lines().length >= 2)
    child.kill(signal)
    assert.deepEqual(await ended(child), { code: 0, signal: null })
    await assertNothingLeft(child)
    assert.equal(complaints(), '')
    const said = lines().map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} /, 'TIME '))
    assert.equal(said.length, 2)
    assert.match(said[0] ?? '', /^TIME \w+ +\S+: .*first$/)
    assert.match(said[1] ?? '', /^TIME notice +\S+: second$/)
  })
}

test('tail begins where --since says, and prints JSON that is whole', async (t) => {
  await using journal = await privateJournald()
  await journal.log(['long before'])
  const { child, lines } = await tailing(t, journal.root, ['--json', '--since', '10m'])
  const bodies = () => lines().map((line) => JSON.parse(line).body)
  await eventually('the entry before', () => bodies().includes('long before'))
  await journal.log(['after'])
  await eventually('the entry after', () => bodies().includes('after'))
  child.kill('SIGINT')
  assert.deepEqual(await ended(child), { code: 0, signal: null })
  const { time, attributes, ...after } = JSON.parse(lines().find((line) => line.includes('"after"')) ?? '')
  assert.equal(after.source, 'journald')
  assert.equal(after.severity_number, 10)
  assert.equal(attributes['process.executable.name'], 'logger')
  assert.ok(Math.abs(Number(BigInt(time) / 1_000_000n) - Date.now()) < 30_000)
})

test('tail ends with 0 and nothing left when nobody reads its output any more', async (t) => {
  await using journal = await privateJournald()
  await journal.log(['begin'])
  const { child } = await tailing(t, journal.root, [])
  child.stdout?.destroy()
  await journal.log(['into a closed pipe'])
  assert.deepEqual(await ended(child), { code: 0, signal: null })
  await assertNothingLeft(child)
})

test('tail refuses what it does not understand with 2', async (t) => {
  const cwd = await workFolder(t)
  for (const args of [['disks'], ['--since', 'yesterday'], ['--priority', 'loud']]) {
    const { code, stdout, stderr } = await remora(t, ['tail', ...args], { cwd })
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /Cannot follow "disks": known are |A duration is |Known are emerg, /)
  }
})
