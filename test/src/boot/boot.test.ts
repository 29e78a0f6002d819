/** The first event of a boot, the markers of a run, and the positions that outlive a RAM root. */
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { crashes } from '../../../collectors/pstore/crash.ts'
import { records } from '../../../collectors/pstore/places.ts'
import { beginBoot } from '../../../src/boot/boot.ts'
import { parseStateCopy, readStateCopy, stateFile, writeStateCopy } from '../../../src/boot/state-copy.ts'
import { systemClock } from '../../../src/clock.ts'
import { commandRunner } from '../../../src/command.ts'
import { ParseError } from '../../../src/errors.ts'
import { openLog, silentLog } from '../../../src/log.ts'
import type { Spool } from '../../../src/spool/spool.ts'
import { tree } from '../../../src/tree.ts'
import { type Attribute, view } from '../../../src/view.ts'
import { until } from '../forwarders/deliveries.ts'
import { accepted, assertConserved, batch, folder, open, options, sink } from '../spool/spool.ts'

/** A machine of this boot, with what its kernel trees hold. */
async function machine(
  t: TestContext,
  bootId: string,
  state?: string,
  files: Record<string, string | Buffer> = {},
) {
  const root = await folder(t)
  const all = { 'proc/sys/kernel/osrelease': '6.18.0-test\n', ...files }
  for (const [path, content] of Object.entries(all)) {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), content)
  }
  const wrote: string[] = []
  const spool = await open(t, options(join(root, 'spool')), [sink('far'), sink('near', { offNode: false })])
  const begin = (log = silentLog, on: Spool = spool) =>
    beginBoot({
      identity: { name: 'n7', bootId, hostname: 'n7', warnings: [] },
      spool: on,
      surroundings: {
        sys: tree(join(root, 'sys')),
        proc: tree(join(root, 'proc')),
        host: tree(join(root, 'host')),
        run: commandRunner(join(root, 'bin')),
      },
      stateFolder: state,
      clock: systemClock,
      log,
      wroteCopy: (result) => wrote.push(result),
    })
  return { root, spool, begin, wrote }
}

const attributeOf = (attributes: readonly Attribute[]) => (wanted: string) =>
  attributes.find(({ name }) => name === wanted)?.value

/** The boot record, which must be the first of all batches. */
async function bootEvent(spool: Spool) {
  const first = await spool.next('far', 0)
  assert.ok(first?.kind === 'events' && first.source === 'remora' && first.sequence === 1)
  const [record] = first.records
  assert.ok(record && first.count === 1 && record.number === 1)
  const { eventName, attributes, body } = view('remora', record)
  assert.equal(eventName, 'remora.boot')
  return { id: record.id, body, at: attributeOf(attributes), sequence: first.sequence }
}

test('the first event of a boot says who starts, with which kernel, and honestly that nothing tells of the last', async (t) => {
  const { spool, begin } = await machine(t, 'boot-1')
  await begin()
  await spool.commit('kmsg', batch(0, 3))
  const { id, at, body } = await bootEvent(spool)
  assert.equal(id, 'boot:boot-1')
  assert.match(String(body), /^n7 has booted; the last boot's end: unknown: nothing on this machine tells/)
  assert.equal(at('kernel'), '6.18.0-test')
  assert.equal(at('ledger'), spool.ledger)
  assert.equal(at('boot_id'), 'boot-1')
  assert.equal(at('positions.from'), 'none')
  assert.equal(at('last_boot.ended'), 'unknown')
  assertConserved(await spool.snapshot())
})

test('an agent that starts again within the boot sends no second boot record', async (t) => {
  const { spool, begin } = await machine(t, 'boot-1')
  await begin()
  await begin()
  assert.equal((await spool.snapshot()).sources.get('remora')?.read, 1)
})

test('a spool that outlived the boot tells a clean stop from a run that was cut off', async (t) => {
  const one = await machine(t, 'boot-1')
  await (await one.begin()).stopping()
  const two = await machine(t, 'boot-2')
  await two.begin(silentLog, one.spool)
  const three = await machine(t, 'boot-3')
  await three.begin(silentLog, one.spool)
  const ends = []
  for (let sequence = 0; ; ) {
    const next = await one.spool.next('far', sequence)
    if (next?.kind !== 'events') break
    sequence = next.sequence
    ends.push(
      ...next.records.map((record) => attributeOf(view('remora', record).attributes)('last_boot.ended')),
    )
  }
  assert.deepEqual(ends, ['unknown', 'stopped', 'unclean'])
})

test('crash records, watchdog flags and firmware are in the boot record', async (t) => {
  const dmi = Buffer.alloc(32)
  dmi[0x18] = 8
  const { spool, begin } = await machine(t, 'boot-1', undefined, {
    'sys/fs/pstore/dmesg-ramoops-0': 'Panic#1 Part1\n<0>[   12.5] Kernel panic - not syncing: out of luck\n',
    'sys/class/watchdog/watchdog0/bootstatus': '32\n',
    'sys/class/watchdog/watchdog1/bootstatus': '0\n',
    'sys/devices/platform/soc-reset/power_on_reason': 'watchdog\n',
    'sys/firmware/dmi/entries/1-0/raw': dmi,
    'sys/firmware/acpi/tables/data/BERT': Buffer.from([1, 0, 0, 0, 9]),
  })
  await begin()
  const { at, body } = await bootEvent(spool)
  assert.match(String(body), /panic: pstore has a crash record \(Panic\): .*out of luck/)
  assert.equal(at('last_boot.ended'), 'panic')
  assert.equal(at('last_boot.crash'), 'Panic')
  assert.equal(at('last_boot.watchdog'), 'watchdog0: watchdog reset; watchdog1: none')
  assert.equal(at('last_boot.power_on_reason'), 'watchdog')
  assert.equal(at('last_boot.wake_up'), 'AC power restored')
  assert.equal(at('last_boot.firmware_errors'), 'true')
})

test('a crash that an earlier run has sent ended no boot again', async (t) => {
  const { root, spool, begin } = await machine(t, 'boot-2', undefined, {
    'sys/fs/pstore/dmesg-ramoops-0': 'Panic#1 Part1\n<0>[   12.5] Kernel panic - not syncing: out of luck\n',
  })
  const trees = { sys: tree(join(root, 'sys')), host: tree(join(root, 'host')) }
  const [crash] = crashes(await records(trees, () => undefined))
  assert.ok(crash)
  await spool.commit('pstore', {
    records: [],
    positions: [{ stream: crash.stream, position: '{"files":[]}' }],
  })
  await begin()
  const { at } = await bootEvent(spool)
  assert.equal(at('last_boot.ended'), 'unknown')
  assert.equal(at('positions.from'), 'spool')
})

/** Settles everything the sink awaits. */
async function acknowledgeAll(spool: Spool) {
  for (;;) {
    const next = await spool.next('far', 0)
    if (next === undefined) return
    await spool.settle('far', [accepted(next.sequence, next.count)])
  }
}

test('a new boot goes on from the state copy: what was acknowledged is not read again, what was not is', async (t) => {
  const state = join(await folder(t), 'state')
  const one = await machine(t, 'boot-1', state)
  const boot = await one.begin()
  const stop = new AbortController()
  const running = boot.run(stop.signal)
  await one.spool.commit('journald', batch(0, 10))
  await acknowledgeAll(one.spool)
  await one.spool.commit('journald', batch(10, 20))
  await until('the copy has the acknowledged position', async () =>
    ((await readStateCopy(state, 'n7'))?.positions ?? []).some(
      ({ source, position, acknowledged }) => source === 'journald' && position === '10' && acknowledged,
    ),
  )
  stop.abort()
  await running
  // The node dies here: no stop, no drain, and its spool is gone.
  const two = await machine(t, 'boot-2', state)
  await two.begin()
  assert.deepEqual(Object.fromEntries(await two.spool.positions('journald')), { counter: '10' })
  const { at } = await bootEvent(two.spool)
  assert.equal(at('positions.from'), 'state copy')
  assert.equal(at('positions'), '{"journald":{"counter":"10"}}')
  assert.equal(at('last_boot.ended'), 'unclean')
  assert.equal(at('last_boot.id'), 'boot-1')
})

test('a clean stop is marked in the state copy', async (t) => {
  const state = join(await folder(t), 'state')
  const one = await machine(t, 'boot-1', state)
  const boot = await one.begin()
  await boot.stopping()
  await boot.ended()
  const two = await machine(t, 'boot-2', state)
  await two.begin()
  assert.equal((await bootEvent(two.spool)).at('last_boot.ended'), 'stopped')
})

test('the state copy passes quarantined records, counts them missed, and never acknowledges them', async (t) => {
  const state = join(await folder(t), 'state')
  const one = await machine(t, 'boot-1', state)
  const boot = await one.begin()
  await acknowledgeAll(one.spool)
  await one.spool.commit('pstore', batch(0, 4))
  const refused = await one.spool.next('far', 0)
  const quarantined = [{ index: 2, words: 'no' }]
  await one.spool.settle('far', [{ sequence: refused?.sequence ?? 0, acknowledged: 3, quarantined }])
  await boot.stopping()
  await boot.ended()
  const two = await machine(t, 'boot-2', state)
  await two.begin()
  assert.deepEqual(Object.fromEntries(await two.spool.positions('pstore')), { counter: '4' })
  assert.deepEqual((await two.spool.snapshot()).sources.get('pstore')?.missed, { quarantined: 1 })
  assert.ok(!(await two.spool.acknowledgedPositions()).some(({ source }) => source === 'pstore'))
  // And it stays so in the copy of the next boot.
  const second = await two.begin()
  await second.ended()
  const copy = await readStateCopy(state, 'n7')
  assert.equal(copy?.positions.find(({ source }) => source === 'pstore')?.acknowledged, false)
})

test('a spool that has positions takes none from a state copy', async (t) => {
  const state = join(await folder(t), 'state')
  const one = await machine(t, 'boot-1', state)
  await one.spool.commit('journald', batch(0, 10))
  await acknowledgeAll(one.spool)
  const boot = await one.begin()
  await boot.ended()
  await one.spool.commit('journald', batch(10, 20))
  await one.begin()
  assert.deepEqual(Object.fromEntries(await one.spool.positions('journald')), { counter: '20' })
})

const copy = {
  version: 1,
  node: 'n7',
  ledger: 'l',
  writtenMilliseconds: 1,
  run: { bootId: 'b', startedMilliseconds: 1 },
  quarantined: {},
  positions: [{ source: 's', stream: 't', position: 'p', acknowledged: true }],
} as const

test("another node's state copy is refused, said, and the boot begins without", async (t) => {
  const state = await folder(t)
  await writeFile(stateFile(state, 'n7'), JSON.stringify({ ...copy, node: 'n8' }))
  const said: string[] = []
  const { spool, begin } = await machine(t, 'boot-1', state)
  await begin({ ...silentLog, warn: (_, message) => said.push(message) })
  assert.match(said.join(), /Cannot use state copy of node "n8": this is "n7"/)
  assert.equal((await bootEvent(spool)).at('positions.from'), 'none')
})

test('a state copy that is no such thing is a ParseError, whatever it is', async (t) => {
  assert.deepEqual(parseStateCopy(JSON.stringify(copy), 'n7'), copy)
  const refuses = (text: string) => assert.throws(() => parseStateCopy(text, 'n7'), ParseError)
  for (const text of ['', '{', 'null', '[]', '{}', '"x"', JSON.stringify({ ...copy, version: 2 })])
    refuses(text)
  const text = JSON.stringify(copy)
  for (let length = 0; length < text.length; length++) refuses(text.slice(0, length))
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (noise) => {
      try {
        parseStateCopy(noise, 'n7')
        return false
      } catch (error) {
        return error instanceof ParseError
      }
    }),
    { numRuns: 300 },
  )
  const state = await folder(t)
  await writeStateCopy(state, { ...copy, positions: [...copy.positions] })
  assert.deepEqual(await readStateCopy(state, 'n7'), copy)
})

test('a state copy that cannot be written is counted and said once, and nothing waits for it', async (t) => {
  const file = join(await folder(t), 'file')
  await writeFile(file, 'a file, where a folder should be')
  const lines: string[] = []
  const log = openLog('info', { write: (line: string) => lines.push(line) })
  const { begin, spool, wrote } = await machine(t, 'boot-1', join(file, 'state'))
  const boot = await begin(log)
  const stop = new AbortController()
  const running = boot.run(stop.signal)
  await until('it has failed', () => wrote.length >= 1)
  await spool.commit('journald', batch(0, 10))
  await acknowledgeAll(spool)
  await until('it has failed again', () => wrote.length >= 2)
  stop.abort()
  await running
  await boot.ended()
  assert.ok(wrote.every((result) => result === 'failed'))
  assert.equal(lines.filter((line) => line.includes('Cannot write the state copy')).length, 1)
  assert.equal(await readFile(file, 'utf8'), 'a file, where a folder should be')
})
