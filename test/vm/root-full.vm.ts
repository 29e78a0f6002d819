/**
 * The root is filled until a write fails, to the size of its device and to its memory limit: the metric behind the
 * shipped alerts says so before, and the agent goes on whatever the root has become.
 */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { rootRules } from '../../dashboards/rules/root.ts'
import { assertConservation, parseLedger } from '../faults/bench/ledger-page.ts'
import { type LokiReceiver, startLoki } from '../src/forwarders/loki-receiver.ts'
import { configOf } from './config.ts'
import { type Machine, startMachine } from './machine.ts'
import { scrape, until } from './wait.ts'

/** Less than the last 5 % of either bound, so that a scrape falls between the alert and the end. */
const stepMebibytes = 8
const patienceSeconds = 600

test('root filled to its disksize: the alert crosses before the first failed write, and the agent recovers by itself', async (t) => {
  await using loki = await startLoki()
  const config = configOf({ loki: loki.url })
  await using machine = await startMachine({ config, append: 'vm.disksize=512M' })
  const process = await started(machine, loki)
  const words = await fillUp(t, machine, 'filesystem')
  assert.match(words, /No space left on device/)
  const isDelivered = await delivers(machine, loki, 'full', 60).then(
    () => true,
    () => false,
  )
  t.diagnostic(`while it is full records are ${isDelivered ? 'delivered' : 'waiting'}`)
  assert.equal(await processOf(machine), process)
  await machine.run('rm /fill')
  await delivers(machine, loki, 'room again')
  assert.ok(has(loki, 'full'), 'nothing of the time without room is lost')
  const text = await scrape(machine)
  assert.ok(/^remora_spool_writable 1$/m.test(text), 'the spool is written')
  assertConservation(parseLedger(text))
  assert.ok((ratios(text).get('filesystem') ?? 1) < 0.85)
  // What the runbook says: only a discard gives the device the room back.
  await machine.run('fstrim /')
  const after = ratios(await scrape(machine, 'zram'))
  assert.ok(Math.max(...after.values()) < 0.85, JSON.stringify([...after]))
  assert.equal(await processOf(machine), process)
})

test('root filled to its mem_limit: the alert crosses before the first failed write, and the agent survives a read-only root', async (t) => {
  await using loki = await startLoki()
  const config = configOf({ loki: loki.url })
  await using machine = await startMachine({ config, append: `vm.limit=${280 << 20}` })
  const process = await started(machine, loki)
  await fillUp(t, machine, 'mem_limit')
  await until('a read-only root', async () => {
    const { err } = await machine.try('touch "/var/tmp/$(cat /proc/sys/kernel/random/uuid)"; sync')
    return err.includes('Read-only file system')
  })
  t.diagnostic(await machine.run(`grep ' / / ' /proc/1/mountinfo; cat /sys/fs/ext4/zram0/last_error_func`))
  await delivers(machine, loki, 'read-only')
  await until(
    'the metric of the alert RootReadOnly',
    async () => /^node_filesystem_readonly\{[^}]*mountpoint="\/"\} 1$/m.test(await scrape(machine, 'root')),
    patienceSeconds,
  )
  for (const event of ['zram.failed_writes', 'filesystem.readonly'])
    await until(
      event,
      async () => {
        await scrape(machine, 'zram', 'root')
        return loki.stored().some(({ metadata }) => metadata.event_name === event)
      },
      patienceSeconds,
    )
  const text = await scrape(machine)
  assert.ok(/^remora_spool_writable 1$/m.test(text), 'the spool is written')
  // What the file has already is written in the page cache, aborted or not: the move to memory comes when it is to grow.
  t.diagnostic(/^remora_spool_on_disk \d$/m.exec(text)?.[0] ?? '')
  assertConservation(parseLedger(text))
  assert.equal(await processOf(machine), process)
  const told = loki.stored().filter(({ metadata }) => /^(zram|filesystem)\./.test(metadata.event_name ?? ''))
  for (const { line, metadata } of told)
    t.diagnostic(`${metadata.event_name}: ${metadata.from} > ${metadata.to}: ${line}`)
})

/** Waits until it delivers and zram was read. @returns its process */
async function started(machine: Machine, loki: LokiReceiver): Promise<string> {
  await delivers(machine, loki, 'before')
  const read = async () => ratios(await scrape(machine, 'zram')).size > 0
  await until('zram', read, patienceSeconds)
  return processOf(machine)
}

const processOf = (machine: Machine) => machine.run('systemctl show remora -p MainPID -p NRestarts')

const has = (loki: LokiReceiver, word: string) => loki.stored().some(({ line }) => line === `mark ${word}`)

/** A line of the kernel's ring reaches the receiver. */
async function delivers(machine: Machine, loki: LokiReceiver, word: string, seconds = patienceSeconds) {
  await machine.run(`echo "<6>mark ${word}" > /dev/kmsg`)
  await until(`the mark ${word}`, () => has(loki, word), seconds)
}

/** What the expression of an alert says: a metric, and above what it is. */
function alertOf(name: string): { readonly metric: string; readonly threshold: number } {
  const expression = rootRules.find(({ alert }) => alert === name)?.expr ?? ''
  const [, metric, threshold] = /^(\w+) > ([\d.]+)$/.exec(expression) ?? []
  assert.ok(metric !== undefined && threshold !== undefined, `${name}: ${expression}`)
  return { metric, threshold: Number(threshold) }
}

/** The fill of the root in a scrape, by constraint. */
function ratios(text: string): Map<string, number> {
  const { metric } = alertOf('ZramFillCritical')
  const lines = text.matchAll(new RegExp(`^${metric}\\{constraint="(\\w+)",device="zram0"\\} (\\S+)$`, 'gm'))
  return new Map([...lines].map(([, constraint = '', value]) => [constraint, Number(value)]))
}

/**
 * Writes random data, synced, step by step with a scrape after each, until a write fails, of ours or of anybody.
 * @returns what dd said
 */
async function fillUp(t: TestContext, machine: Machine, constraint: string): Promise<string> {
  const crossed = new Map<string, string>()
  let last = new Map<string, number>()
  for (let written = 0; ; written += stepMebibytes) {
    const { code, out } = await machine.try(
      `dd if=/dev/urandom of=/fill bs=1M count=${stepMebibytes} oflag=append conv=notrunc,fsync 2>&1 &&
        test "$(awk '{print $2}' /sys/block/zram0/io_stat)" = 0`,
    )
    if (code !== 0) {
      const before = [...last].map(([name, ratio]) => `${name} ${ratio.toFixed(3)}`).join(', ')
      t.diagnostic(
        `the write after ${written} MiB failed: ${out.split('\n')[0]}; ${JSON.stringify([...crossed])}; the scrape before: ${before}`,
      )
      const names = ['ZramFillHigh', 'ZramFillCritical']
      assert.deepEqual([...crossed.keys()], names, 'crossed before the first failed write')
      assert.ok((last.get(constraint) ?? 0) > alertOf('ZramFillCritical').threshold, before)
      return out
    }
    last = ratios(await scrape(machine, 'zram'))
    const highest = Math.max(...last.values())
    for (const name of ['ZramFillHigh', 'ZramFillCritical'])
      if (highest > alertOf(name).threshold && !crossed.has(name))
        crossed.set(name, `at ${written + stepMebibytes} MiB, ${new Date().toISOString()}`)
  }
}
