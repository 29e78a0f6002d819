/** The collector beside a BMC in software, through the real FreeIPMI and ipmitool. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ipmi } from '../../../collectors/ipmi/ipmi.ts'
import type { LogRecord } from '../../../src/model.ts'
import { startIpmiSim } from '../../ipmi-sim.ts'
import { collectOnce, contextOf } from '../context.ts'

/** A PATH with ipmitool alone. */
async function onlyIpmitool(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-ipmi-'))
  t.after(() => rm(folder, { recursive: true }))
  await symlink('/usr/bin/ipmitool', join(folder, 'ipmitool'))
  return folder
}

/** Reads the event log until `count` records have come. */
async function logOf(options: object, positions: ReadonlyMap<string, string>, count: number, path?: string) {
  const stopping = new AbortController()
  const base = contextOf({
    options: { initial: 'all', log_seconds: 10, ...options },
    ...(path !== undefined && { path }),
  })
  const records: LogRecord[] = []
  const after = new Map(positions)
  const context = { ...base, signal: stopping.signal, positions, positionsOf: async () => new Map() }
  const late = setTimeout(() => stopping.abort(), 30_000)
  try {
    for await (const batch of ipmi.read?.(context) ?? []) {
      records.push(...batch.records)
      for (const { stream, position } of batch.positions) after.set(stream, position)
      if (records.length >= count) break
    }
  } finally {
    clearTimeout(late)
    stopping.abort()
  }
  assert.deepEqual(base.skipped, [])
  const bodies = records.map(({ fields }) => Buffer.from(fields[0]?.[1] ?? []).toString())
  return { records, bodies, after }
}

test('ipmi reads sensors, chassis, BMC and event log of a BMC, by FreeIPMI and by ipmitool', async (t) => {
  await using sim = await startIpmiSim()
  await sim.addEntry()
  const path = await onlyIpmitool(t)
  for (const machine of [
    { options: { arguments: sim.freeipmi } },
    { options: { arguments: sim.ipmitool }, path },
  ]) {
    const context = contextOf(machine)
    const { series, states } = await collectOnce(ipmi, context)
    assert.deepEqual(context.skipped, [])
    assert.deepEqual(
      ['ipmi', 'chassis', 'bmc', 'dcmi', 'sel'].map((one) => series.get(`ipmi_up{collector="${one}"}`)),
      [1, 1, 1, 0, 1],
    )
    assert.equal(series.get('ipmi_temperature_celsius{id="1",name="CPU Temp"}'), 48)
    assert.equal(series.get('ipmi_temperature_state{id="1",name="CPU Temp"}'), 0)
    assert.equal(series.get('ipmi_sel_logs_count'), 1)
    assert.ok((series.get('ipmi_sel_free_space_bytes') ?? 0) > 10_000)
    const byState = [...series.keys()].filter((key) => key.startsWith('ipmi_sel_events_count_by_state'))
    assert.equal(byState.length, machine.path === undefined ? 3 : 0, 'ipmitool tells no state of an entry')
    assert.equal(series.get('ipmi_chassis_drive_fault_state'), 1)
    assert.equal(
      [...series.keys()].filter((key) => /^ipmi_bmc_info\{firmware_revision="9\.0?8"/.test(key)).length,
      1,
    )
    assert.deepEqual(
      states.map(({ part, state }) => [part, state]),
      [['sensor:1:CPU Temp', 'nominal']],
    )
  }
})

test('ipmi reads the event log on from its position, through a clear, each entry once', async (t) => {
  await using sim = await startIpmiSim()
  const path = await onlyIpmitool(t)
  for (const [options, own] of [
    [{ arguments: sim.freeipmi }, undefined],
    [{ arguments: sim.ipmitool }, path],
  ] as const) {
    await sim.clear()
    await sim.addEntry()
    await sim.addEntry()
    const first = await logOf(options, new Map(), 2, own)
    assert.equal(
      first.bodies.filter((body) => /Critical Stop|Sensor #0/i.test(body)).length,
      2,
      first.bodies.join('\n'),
    )
    await sim.addEntry()
    const second = await logOf(options, first.after, 1, own)
    assert.equal(second.records.length, 1)
    await sim.clear()
    await sim.addEntry()
    // This BMC goes on with its numbers after a clear: nothing is lost, and nothing read again.
    const third = await logOf(options, second.after, 1, own)
    assert.equal(third.records.length, 1)
    const all = [...first.records, ...second.records, ...third.records].map(({ id }) => id)
    assert.equal(new Set(all).size, all.length)
    await sleep(1100)
  }
})

test('ipmi without a BMC says so, and without a tool is not here', async () => {
  const context = contextOf({})
  const { samples } = await collectOnce(ipmi, context)
  assert.deepEqual([samples, context.skipped], [[], []])
  assert.deepEqual(ipmi.notes?.(samples), ['no BMC answers'])
  assert.deepEqual(await ipmi.probe?.(contextOf({ path: '/nowhere' })), {
    here: false,
    why: 'neither ipmi-sensors (FreeIPMI) nor ipmitool is installed',
  })
})

/**
 * An ipmitool that fails at whatever it is not told to say, and notes what it was asked.
 * @returns a PATH with it alone: FreeIPMI is in /usr/sbin
 */
async function saying(t: TestContext, cases: string): Promise<{ path: string; asked(): Promise<string[]> }> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-ipmi-'))
  t.after(() => rm(folder, { recursive: true }))
  const note = join(folder, 'asked')
  await writeFile(
    join(folder, 'ipmitool'),
    `#!/bin/sh\necho "$*" >>${note}\ncase "$*" in\n${cases}\n*) echo 'nothing known' >&2; exit 1 ;;\nesac\n`,
    { mode: 0o755 },
  )
  return {
    path: `${folder}:/usr/bin:/bin`,
    asked: async () => (await readFile(note, 'utf8')).trimEnd().split('\n'),
  }
}

test('ipmi names a part that fails, and gives the others', async (t) => {
  const { path } = await saying(
    t,
    `'sdr elist all') printf 'Fan 1 | 30h | cr | 29.1 | 120 RPM\\n' ;;\n'sel elist') printf 'garbled\\n' ;;`,
  )
  const context = contextOf({ path })
  const { series, states } = await collectOnce(ipmi, context)
  assert.equal(series.get('ipmi_fan_speed_rpm{id="48",name="Fan 1"}'), 120)
  assert.deepEqual(
    states.map(({ state, body }) => [state, body]),
    [['critical', 'Sensor Fan 1 is critical, 120 RPM (120 RPM)']],
  )
  assert.equal(series.get('ipmi_up{collector="sel"}'), 0)
  assert.deepEqual(
    context.skipped.map(({ message }) => message),
    [
      'Cannot run ipmitool: it ended with 1: nothing known',
      'Cannot run ipmitool: it ended with 1: nothing known',
      'Cannot parse ipmitool sel "garbled": expected id, date, time, sensor and event',
    ],
  )
})

test('ipmi tells of power readings that are refused to it, not of a BMC without DCMI', async (t) => {
  for (const [words, told] of [
    ['DCMI request failed because: Invalid command (c1)', []],
    [
      'Could not open device: Permission denied',
      ['Cannot run ipmitool: Could not open device: Permission denied'],
    ],
  ] as const) {
    const { path } = await saying(
      t,
      `'dcmi power reading') echo '${words}' >&2; exit 1 ;;\n'sel elist') echo 'SEL has no entries' ;;\n*) ;;`,
    )
    const context = contextOf({ path })
    const { series } = await collectOnce(ipmi, context)
    assert.equal(series.get('ipmi_up{collector="dcmi"}'), 0)
    assert.deepEqual(
      context.skipped.map(({ message }) => message),
      told,
    )
  }
})

test('ipmi asks for the event log once, for records and metrics alike', async (t) => {
  const { path, asked } = await saying(
    t,
    `'sel elist') echo '1 | 02/01/2026 | 03:04:05 | Fan 1 | Lower Critical going low | Asserted' ;;\n'sel info') echo 'Entries : 1' ;;\n*) ;;`,
  )
  const context = contextOf({ path, options: { initial: 'all' } })
  for await (const { records } of ipmi.read?.({
    ...context,
    positions: new Map(),
    positionsOf: async () => new Map(),
  }) ?? []) {
    assert.equal(records.length, 1)
    break
  }
  const { series } = await collectOnce(ipmi, context)
  assert.equal(series.get('ipmi_sel_logs_count'), 1)
  assert.equal(series.get('ipmi_up{collector="sel"}'), 1)
  assert.equal((await asked()).filter((one) => one === 'sel elist').length, 1)
})
