/** A disk fails, is rebuilt and is well again, replayed by a stand-in storcli64 to the agent as it ships. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { answersOf, type MadeController, madeController } from '../collectors/raid/megaraid/answers.ts'
import { hostWith, type StandIn } from '../collectors/raid/megaraid/host.ts'
import { eventually, remora, startAgent, workFolder } from './agent.ts'

const healthy = madeController(0, 9)
/** The drive in slot 3, and the array it is in. */
const stage = (drive: string, array: string): MadeController => ({
  ...healthy,
  drives: healthy.drives.map((one) => (one.slot === 3 ? { ...one, state: drive } : one)),
  volumes: [{ number: 0, group: 0, state: array }],
})
const stages = [
  [healthy, 0],
  [stage('Offln', 'Dgrd'), 2],
  [stage('Rbld', 'Dgrd'), 4],
  [stage('Onln', 'Optl'), 6],
] as const
const expected = [
  'array:0 degraded rebuilding',
  'array:0 optimal degraded',
  'array:0 rebuilding optimal',
  'drive:8:3 failed rebuilding',
  'drive:8:3 online failed',
  'drive:8:3 rebuilding online',
]

/** What the drives say changes last, as what the array says is asked for after it: no reading sees half of a stage. */
function inOrder(controller: MadeController): Readonly<Record<string, string>> {
  const { cALL_eALL_sALL_show_all: drives = '', ...rest } = answersOf([controller])
  const { cALL_show_all: all = '' } = rest
  return { ...rest, cALL_show: all, c0_show_events: '', cALL_eALL_sALL_show_all: drives }
}

function configOf(host: StandIn, folder: string) {
  const others = ['journald', 'kmsg', 'pstore', 'inventory', 'smartctl', 'nvme', 'zram']
  return {
    paths: { root: host.root },
    spool: { path: join(folder, 'spool') },
    sinks: { out: { type: 'file', path: join(folder, 'out') } },
    collectors: {
      raid: { schedule: '* * * * * *' },
      ...Object.fromEntries(others.map((name) => [name, { enabled: false }])),
    },
  }
}

/** The events of the controller's parts in the sink: part, from, to; those written as far as can be read. */
function told(folder: string): string[] {
  return globSync(join(folder, 'out', '*.zst*'))
    .sort()
    .flatMap((path) => {
      try {
        return zstdDecompressSync(readFileSync(path)).toString().trimEnd().split('\n')
      } catch {
        return [] // It is being written.
      }
    })
    .map((line) => String(JSON.parse(line || '{}').id))
    .flatMap((id) => {
      const [, part, from, to] = /^raid:broadcom:SK93610000:(.+):([a-z-]+):([a-z-]+):\d+$/.exec(id) ?? []
      return part === undefined ? [] : [`${part} ${from} ${to}`]
    })
}

async function replay(t: TestContext, killed: boolean) {
  const folder = await workFolder(t)
  const host = await hostWith(t, inOrder(healthy))
  const start = () => startAgent(t, folder, { config: configOf(host, folder) })
  let agent = await start()
  for (const [controller, events] of stages) {
    await host.answer(inOrder(controller))
    if (killed) {
      // While it reads, or just before, or just after.
      await agent.stop('SIGKILL')
      agent = await start()
    }
    await eventually(`${events} events are told`, () => told(folder).length >= events)
  }
  // Two readings more tell nothing new.
  const { length } = await host.lines('calls')
  await eventually('it has read again', async () => (await host.lines('calls')).length > length + 12)
  await agent.stop()
  assert.deepEqual(told(folder).sort(), expected)
}

test('raid: degraded, rebuilding and optimal again are six events, each once', (t) => replay(t, false))

test('raid: the same six events, each once, from an agent that is killed at every change', (t) =>
  replay(t, true))

test('raid: collect prints a table that shows what is wrong', async (t) => {
  const cwd = await workFolder(t)
  const host = await hostWith(t, inOrder({ ...stage('Rbld', 'Dgrd'), rebuilt: 42 }))
  const { code, stdout } = await remora(t, ['collect', 'raid'], {
    cwd,
    env: { REMORA_PATHS_ROOT: host.root },
  })
  assert.equal(code, 0)
  assert.match(stdout, /broadcom 0 +array 0 +raid6 vol0 .*8 drives +! rebuilding \(Dgrd\)/)
  assert.match(
    stdout,
    /broadcom 0 +drive 8:3 +ST8000NM0075 +7\.3 TiB +! rebuilding \(Rbld\) +23 °C +rebuild 42 %/,
  )
  assert.match(stdout, /BAD raid:broadcom:SK93610000:drive:8:3 rebuilding/)
  assert.equal(stdout.match(/^ {2}broadcom 0 /gm)?.length, 1 + 1 + 9 + 1, 'a row for each part')
  assert.doesNotMatch(stdout, /^ +ok /m)
})

test('raid: a tool that finds no controller, or is of a wrong version, is told by collect, the page and a metric', async (t) => {
  const says = (description: string) =>
    JSON.stringify({ Controllers: [{ 'Command Status': { Status: 'Failure', Description: description } }] })
  const rows = [
    ['No Controller found', 'no-controller', /storcli64 finds no controller/],
    ['Un-supported command', 'unsupported-version', /passed over: .*Un-supported command/],
  ] as const
  for (const [description, state, told] of rows) {
    const folder = await workFolder(t)
    const host = await hostWith(t, { cALL_show_all: says(description) })
    const env = { REMORA_PATHS_ROOT: host.root }
    const { stdout } = await remora(t, ['collect', 'raid'], { cwd: folder, env })
    assert.match(stdout.replaceAll(/\s+/g, ' '), told)
    const agent = await startAgent(t, folder, { config: configOf(host, folder) })
    const page = await (await fetch(agent.url)).text()
    assert.match(page, told)
    const metrics = await (await fetch(`${agent.url}/metrics`)).text()
    assert.ok(
      metrics.includes(`raid_tool_state{family="megaraid",state="${state}",tool="storcli64"} 1`),
      metrics,
    )
    if (state !== 'no-controller')
      assert.match(
        metrics,
        new RegExp(`^remora_collector_skipped_total\\{collector="raid",reason="${state}"\\} [1-9]`, 'm'),
      )
    assert.match(metrics, /^remora_collector_here\{collector="raid"\} 1$/m)
    assert.match(metrics, /^remora_collector_here\{collector="edac"\} [01]$/m)
    await agent.stop()
  }
})

test('raid: who is not root is told that only root can tell', async (t) => {
  const cwd = await workFolder(t)
  const none = { 'Command Status': { Status: 'Failure', Description: 'No Controller found' } }
  const host = await hostWith(t, { cALL_show_all: JSON.stringify({ Controllers: [none] }) })
  for (const folder of [host.folder, cwd, join(host.root, 'opt/MegaRAID/storcli')]) await chmod(folder, 0o777)
  const { stdout } = await remora(t, ['collect', 'raid', '--format', 'prometheus'], {
    cwd,
    env: { REMORA_PATHS_ROOT: host.root },
    uid: 65_534,
  })
  assert.match(stdout, /^raid_tool_state\{family="megaraid",state="no-permission",tool="storcli64"\} 1$/m)
})
