import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { kmsg } from '../../../collectors/kmsg/kmsg.ts'
import type { LogRecord } from '../../../src/model.ts'
import { contextOf } from '../context.ts'
import { inject } from './inject.ts'

const messageOf = ({ fields }: LogRecord) =>
  Buffer.from(fields.find(([name]) => name === 'MESSAGE')?.[1] ?? []).toString()

/** Reads the device of this machine until the predicate holds. @returns the positions after it */
async function readUntil(
  holds: (records: readonly LogRecord[]) => boolean,
  records: LogRecord[],
  positions: ReadonlyMap<string, string> = new Map(),
): Promise<Map<string, string>> {
  const after = new Map(positions)
  const stopping = new AbortController()
  const context = {
    ...contextOf(),
    signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(20_000)]),
    positions,
    positionsOf: async () => new Map<string, string>(),
  }
  for await (const batch of kmsg.read?.(context) ?? []) {
    records.push(...batch.records)
    for (const { stream, position } of batch.positions) after.set(stream, position)
    if (holds(records)) break
  }
  context.signal.throwIfAborted()
  stopping.abort()
  return after
}

test('kmsg reads this machine from its first record, and each injected record once, through a restart', async (t) => {
  const token = `remora-test-${process.pid}-${Date.now()}`
  await inject([`${token} 0`, `${token} 1`])
  const records: LogRecord[] = []
  const own = () => records.map(messageOf).filter((message) => message.startsWith(token))
  const positions = await readUntil(() => own().length >= 2, records)
  await inject([`${token} 2 caf\u00e9 \\ \u0007`, `${token} 3`])
  await readUntil(() => own().length >= 4, records, positions)
  assert.deepEqual(own(), [`${token} 0`, `${token} 1`, `${token} 2 caf\u00e9 \\ \u0007`, `${token} 3`])
  const numbers = records.map(({ id }) => Number(id.split(':')[1]))
  assert.deepEqual(
    numbers,
    Array.from(numbers, (_, index) => (numbers[0] ?? 0) + index),
    'without a gap',
  )
  assert.equal(new Set(records.map(({ stream }) => stream)).size, 1)
  const late = records.filter((record) => messageOf(record).startsWith(token))
  for (const { time } of late) assert.ok(Math.abs(Number(time / 1_000_000n) - Date.now()) < 60_000)
  t.diagnostic(`${records.length} records`)
})

test('kmsg says what is missing', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-kmsg-'))
  t.after(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'root/dev'), { recursive: true })
  const absent = await kmsg.probe?.(contextOf({ folder }))
  assert.deepEqual(absent?.here, false)
  assert.match(absent.here ? '' : absent.why, /there is no .*\/dev\/kmsg; in a container, give it the device/)
  assert.deepEqual(await kmsg.probe?.(contextOf()), { here: true })
})

test('kmsg says that the kernel restricts its log, to one without the capability', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-kmsg-'))
  t.after(() => rm(folder, { recursive: true }))
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'root/dev'), { recursive: true })
  await mkdir(join(folder, 'proc/sys/kernel'), { recursive: true })
  await writeFile(join(folder, 'proc/sys/kernel/dmesg_restrict'), '1\n')
  await writeFile(join(folder, 'root/dev/kmsg'), '', { mode: 0o000 })
  process.seteuid?.(65_534)
  try {
    const presence = await kmsg.probe?.(contextOf({ folder }))
    assert.ok(presence && !presence.here)
    assert.match(
      presence.why,
      /may not be read: kernel\.dmesg_restrict is 1, so it takes CAP_SYSLOG; run as root/,
    )
  } finally {
    process.seteuid?.(0)
  }
})
