import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { stringify } from 'yaml'
import { quarantineChange, quarantineList, type SpoolCommand, spoolState } from '../../../src/cli/spool.ts'
import { spoolFile } from '../../../src/spool/database-file.ts'
import { openSpool } from '../../../src/spool/open.ts'
import { schemaVersion } from '../../../src/spool/schema.ts'
import { type Ended, remora, startAgent, workFolder } from '../../e2e/agent.ts'
import { until } from '../forwarders/deliveries.ts'
import { decodeWriteRequest, startReceiver } from '../forwarders/receiver.ts'
import { batch, drain, options, samples, sink } from '../spool/spool.ts'

const bundle = join(import.meta.dirname, '../../../src/main.ts')

/** A folder with a configuration whose sinks are `far`, by remote write, and `disk`. */
async function site(t: TestContext, url = 'http://127.0.0.1:9/write') {
  const cwd = await workFolder(t)
  const path = join(cwd, 'spool')
  const config = {
    spool: { path },
    server: { listen: '127.0.0.1:0' },
    push: { enabled: false },
    collectors: { host: { enabled: false } },
    sinks: { far: { type: 'prometheus', url }, disk: { type: 'file', path: join(cwd, 'files') } },
  }
  const file = join(cwd, 'remora.yaml')
  await writeFile(file, stringify(config))
  /** `remora spool` in a process of its own. */
  const spool = (...args: string[]) => remora(t, ['--config', file, 'spool', ...args], { cwd, bundle })
  /** The same within the test: a start of Node less. */
  const direct = (work: (command: SpoolCommand) => number, json = false): Printed => {
    let [stdout, stderr] = ['', '']
    const out = (text: string) => {
      stdout += text
    }
    const complain = (text: string) => {
      stderr += text
    }
    return { code: work({ path, json, out, complain }), stdout, stderr }
  }
  return { cwd, path, config, spool, direct }
}
type Printed = Pick<Ended, 'code' | 'stdout' | 'stderr'>

/** What far refused: two samples and, of another time, a record with bytes that are no text. */
async function quarantineThree(path: string): Promise<void> {
  const disk = sink('disk', { offNode: false })
  await using spool = await openSpool(options(path), [sink('far'), disk])
  await spool.commitSamples(Date.now(), samples(4, 1))
  const refused = [1, 3].map((index) => ({ index, words: `400 not d${index}` }))
  await spool.settle('far', [{ sequence: 1, acknowledged: 2, quarantined: refused }])
  const [record] = batch(7, 8).records
  assert.ok(record)
  const fields = [...record.fields, ['raw', Buffer.from([0xff, 0x00])] as const]
  await spool.commit('kmsg', { records: [{ ...record, fields }], positions: [] })
  await spool.settle('far', [{ sequence: 2, acknowledged: 0, quarantined: [{ index: 0, words: '400 no' }] }])
  await drain(spool, 'disk')
}

const lines = ({ code, stdout, stderr }: Printed) => {
  assert.deepEqual([code, stderr], [0, ''])
  return stdout.split('\n').filter((line) => line !== '')
}
const objects = (ended: Printed) => lines(ended).map((line) => JSON.parse(line))

test('spool shows its ledger in words and as JSON, without an agent', async (t) => {
  const { path, spool } = await site(t)
  await quarantineThree(path)
  const [first, ...rest] = lines(await spool())
  assert.match(first ?? '', /^ledger [0-9a-f-]{36}: 0 batches, \d+ bytes$/)
  assert.deepEqual(rest, [
    'source kmsg: read 1 = filtered 0 + spooled 1; missed 0',
    'source metrics: read 4 = filtered 0 + spooled 4; missed 0',
    'sink disk, kmsg: routed 1 = acknowledged 1 + held 0 + quarantined 0 + lost 0',
    'sink disk, metrics: routed 4 = acknowledged 4 + held 0 + quarantined 0 + lost 0',
    'sink far, kmsg: routed 1 = acknowledged 0 + held 0 + quarantined 1 + lost 0',
    'sink far, metrics: routed 4 = acknowledged 2 + held 0 + quarantined 2 + lost 0',
  ])
  const state = JSON.parse(lines(await spool('state', '--json')).join(''))
  assert.deepEqual(state.sinks.far.metrics, { routed: 4, acknowledged: 2, held: 0, quarantined: 2, lost: {} })
  assert.deepEqual(state.sources.kmsg, { read: 1, spooled: 1, filtered: {}, missed: {} })
  assert.deepEqual([state.batches, state.oldestHeldMilliseconds], [0, {}])
})

test('spool quarantine lists, exports, drops and asks for replays', async (t) => {
  const { path, spool, direct } = await site(t)
  await quarantineThree(path)
  const listed = lines(direct((command) => quarantineList(command, { keys: [] }, false)))
  assert.equal(listed.length, 6)
  assert.match(listed[0] ?? '', /^1 {2}20\d\d-.*Z {2}far {2}metrics 2 node_test\{"device":"d1"\}$/)
  assert.equal(listed[1], '    400 not d1')
  assert.match(listed[4] ?? '', /^3 {2}20\d\d-.*Z {2}far {2}kmsg 1 counter:7$/)

  const whole = objects(await spool('quarantine', 'export'))
  assert.equal(whole.length, 3)
  assert.deepEqual(whole[1].samples, [
    { name: 'node_test', labels: { device: 'd3' }, value: 4, stale: false },
  ])
  assert.equal(whole[2].id, 'counter:7')
  assert.deepEqual(whole[2].records, [
    {
      stream: 'counter',
      time: '1700000000007000000',
      observed: '1700000000007000001',
      fields: [
        ['body', 'record 7'],
        ['unit', 'test'],
        ['raw', { base64: '/wA=' }],
      ],
    },
  ])

  assert.deepEqual(objects(direct((command) => quarantineChange(command, { keys: ['1'] }, 'drop'), true)), [
    { drop: 1 },
  ])
  assert.deepEqual(lines(await spool('quarantine', 'replay', '3')), [
    '1 quarantined record will be sent again by the agent.',
  ])
  const left = objects(direct((command) => quarantineList(command, { keys: [], sink: 'far' }, false), true))
  assert.deepEqual(
    left.map(({ key, replay }) => [key, replay]),
    [
      [2, false],
      [3, true],
    ],
  )
  assert.deepEqual(lines(direct((command) => quarantineList(command, { keys: [], sink: 'disk' }, false))), [
    'The quarantine is empty.',
  ])
  const state = JSON.parse(lines(direct(spoolState, true)).join(''))
  const lost = { quarantine_dropped: 1 }
  assert.deepEqual(state.sinks.far.metrics, { routed: 4, acknowledged: 2, held: 0, quarantined: 1, lost })
})

test('spool quarantine names a key or sink that is not there, changes nothing and exits 2', async (t) => {
  const { path, spool, direct } = await site(t)
  await quarantineThree(path)
  const keys = ['1', '99', 'x']
  const refused = {
    code: 2,
    stdout: '',
    stderr: 'Cannot find quarantined record "99", "x": see remora spool quarantine list\n',
  }
  const { signal, ...ended } = await spool('quarantine', 'drop', ...keys)
  assert.deepEqual([ended, signal], [refused, null])
  for (const whole of [false, true])
    assert.deepEqual(
      direct((command) => quarantineList(command, { keys }, whole)),
      refused,
    )
  for (const change of ['replay', 'drop'] as const)
    assert.deepEqual(
      direct((command) => quarantineChange(command, { keys }, change)),
      refused,
    )
  const { code, stderr } = await spool('quarantine', 'drop', '--sink', 'nowhere')
  assert.deepEqual([code, stderr], [2, 'Cannot find sink "nowhere": this spool has never had it\n'])
  const left = objects(direct((command) => quarantineList(command, { keys: [] }, false), true))
  assert.deepEqual(
    left.map(({ replay }) => replay),
    [false, false, false],
  )
})

test('spool says in one line why there is no spool that it can read, and exits 1', async (t) => {
  const { path, spool, direct } = await site(t)
  const complains = ({ code, stdout, stderr }: Printed, words: RegExp) => {
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, words)
    assert.equal(stderr.split('\n').length, 2)
  }
  complains(
    await spool(),
    /^Cannot open spool "\/.*\/spool": there is none \(see spool.path in the configuration\)$/m,
  )
  complains(
    direct((command) => quarantineChange(command, { keys: [] }, 'drop')),
    /there is none/,
  )
  await mkdir(path)
  const file = join(path, spoolFile)
  await writeFile(file, 'not a database at all, '.repeat(100))
  complains(await spool(), /^Cannot read spool "\/.*\/spool": file is not a database$/m)
  await writeFile(file, '')
  complains(direct(spoolState), /: spool.sqlite is a database of another program$/m)
  await (await openSpool(options(path), []))[Symbol.asyncDispose]()
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA user_version = ${schemaVersion + 1}`)
  database.close()
  complains(direct(spoolState), /: it is of version 2, and this Remora reads version 1$/m)
})

test('spool works beside a running agent, which sends what is asked for and stops cleanly', async (t) => {
  const devices: string[] = []
  let mended = false
  await using receiver = await startReceiver((response, { body }) => {
    if (!mended) return response.writeHead(400).end('still not')
    for (const { labels } of decodeWriteRequest(body))
      devices.push(labels.find(({ name }) => name === 'device')?.value ?? '')
    return response.writeHead(204).end()
  })
  const { cwd, path, config, spool, direct } = await site(t, receiver.url)
  await quarantineThree(path)
  const agent = await startAgent(t, cwd, { bundle, config })
  const inQuarantine = (...keys: string[]) =>
    objects(direct((command) => quarantineList(command, { keys }, false), true)).map(
      ({ key, words, replay }) => [key, words, replay],
    )
  assert.equal(inQuarantine().length, 3)
  assert.deepEqual(lines(await spool('quarantine', 'replay', '1', '2')), [
    '2 quarantined records will be sent again by the agent.',
  ])
  await until('both are refused again', () => inQuarantine('1', '2').every(([, , replay]) => !replay))
  assert.deepEqual(inQuarantine('1', '2'), [
    [1, '400 still not', false],
    [2, '400 still not', false],
  ])
  mended = true
  lines(await spool('quarantine', 'replay', '--sink', 'far'))
  await until('the samples are taken', () => inQuarantine().length === 1)
  // An event is nothing for remote write: it stays, with the forwarder's words.
  await until('the event is refused', () => inQuarantine()[0]?.[2] === false)
  assert.deepEqual(inQuarantine(), [[3, 'Cannot send events by remote write', false]])
  assert.deepEqual(devices, ['d1', 'd3'])
  assert.deepEqual(lines(await spool('quarantine', 'drop', '3')), [
    '1 quarantined record dropped, counted as lost.',
  ])
  const { sinks } = JSON.parse(lines(await spool('--json')).join(''))
  assert.deepEqual(sinks.far.metrics, { routed: 4, acknowledged: 4, held: 0, quarantined: 0, lost: {} })
  assert.deepEqual(sinks.far.kmsg.lost, { quarantine_dropped: 1 })
  assert.equal((await agent.stop()).code, 0)
})
