/**
 * QEMU is killed while 1,000 entries a second come: only what no one had acknowledged is missing, and the numbers and the
 * last heartbeat at the receiver bound it. `REMORA_VM_POWER_LOSSES=N` does it so often,
 * `REMORA_VM_RATE=300` with so many entries a second.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { collectors } from '../../collectors/all.ts'
import { type JournalRemoteServer, readExport, startJournalRemote } from '../journal-remote-server.ts'
import { configOf } from './config.ts'
import { startMachine } from './machine.ts'
import { until } from './wait.ts'
import { highestOf, missingUpTo, numbersAt, startWriter, writtenBy } from './writer.ts'

const perSecond = Number(process.env.REMORA_VM_RATE ?? 1000)
const warmMilliseconds = 400_000
const times = Number(process.env.REMORA_VM_POWER_LOSSES ?? 1)

test('power loss: under 1,000 entries a second only the unacknowledged tail is missing', async (t) => {
  for (let time = 0; time < times; time++) {
    await using journals = await startJournalRemote()
    // Its one emulated core is for what is measured.
    const config = JSON.parse(configOf({ journalRemote: journals.url }))
    const others = collectors.filter(({ name }) => name !== 'journald')
    config.collectors = Object.fromEntries(others.map(({ name }) => [name, { enabled: false }]))
    await using machine = await startMachine({ config: JSON.stringify(config) })
    const counted = async (term: string) => {
      const line = new RegExp(`^remora_records_${term}\\{[^}]*source="journald"[^}]*\\} (\\d+)$`, 'gm')
      return [...(await machine.metrics()).matchAll(line)].reduce((sum, [, count]) => sum + Number(count), 0)
    }
    await startWriter(machine, perSecond)
    await until('the first entries', async () => (await numbersAt(journals)).size > 0 || undefined)
    // Emulated, an agent that was just started takes minutes until its code is compiled.
    let held = Number.POSITIVE_INFINITY
    for (const end = Date.now() + warmMilliseconds; held >= perSecond && Date.now() < end; await sleep(5000))
      held = await counted('held')
    await sleep(Math.random() * 3000)
    const acknowledged = await counted('acknowledged_total')
    const missed = await counted('missed_total')
    await sleep(Math.random() * 3000)
    await machine.kill()
    const written = writtenBy(await machine.words())
    const [first, last] = [written.at(0), written.at(-1)]
    assert.ok(first !== undefined && last !== undefined, 'the writer wrote')

    const numbers = await numbersAt(journals)
    const highest = highestOf(numbers.keys())
    // Emulated, the agent may be slower than a journald of 40 MB forgets.
    const gaps = missingUpTo(highest, numbers).length
    assert.ok(gaps <= missed, `what is missing is a tail, but for ${missed} counted as missed: ${gaps}`)
    assert.ok(acknowledged > 0, 'something was acknowledged')
    const told = await receiverSide(journals)
    assert.ok(told.records >= acknowledged, `${acknowledged} were acknowledged, ${told.records} are here`)
    assert.deepEqual(told.gaps, [], 'the numbers at the receiver have no gap')
    assert.ok(
      told.lastNumber - told.records <= told.held,
      `of ${told.lastNumber} numbers at the last heartbeat ${told.records} are here, ${told.held} were unacknowledged`,
    )
    // Each entry that is missing was written when, or before, the serial line says so.
    const lost = Math.max(0, last.number - highest)
    const oldest = written.find(({ number }) => number > highest)?.at ?? last.at
    const rate = (last.number - first.number) / (last.at - first.at)
    t.diagnostic(
      `${last.number} written (${rate.toFixed(0)}/s), ${missed} missed before they were read, ${lost} of them not here, the oldest ` +
        `${((last.at - oldest) * 1000).toFixed(0)} ms old; ${told.records} records of journald here, ` +
        `${told.held} unacknowledged at the last heartbeat`,
    )
  }
})

/** What the receiver knows of the journal's records of a node that is gone. */
async function receiverSide(journals: JournalRemoteServer) {
  const numbers = new Set<number>()
  let beat = ''
  for (const { fields } of readExport(await journals.read())) {
    const of = (name: string) =>
      fields.find((field) => field.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
    const [, source, number] = of('REMORA_RECORD').split(':')
    if (source === 'journald') numbers.add(Number(number))
    beat = of('REMORA_HEARTBEAT') || beat
  }
  const parsed: { sources: Record<string, { last_number: number; held: number; quarantined: number }> } =
    JSON.parse(beat)
  const { last_number: lastNumber, held, quarantined } = parsed.sources.journald ?? assert.fail(beat)
  return {
    records: numbers.size,
    gaps: missingUpTo(highestOf(numbers), new Map([...numbers].map((number) => [number, 1]))),
    lastNumber,
    held: held + quarantined,
  }
}
