/** Spools of tests: a folder of their own, records that say what they are, ledgers that must add up. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import type { LogRecord, SourceBatch } from '../../../src/model.ts'
import { RecordColumns } from '../../../src/record-columns.ts'
import type { SpooledSample } from '../../../src/spool/batch.ts'
import type { SpoolOptions } from '../../../src/spool/ground.ts'
import { openSpool } from '../../../src/spool/open.ts'
import type { BatchResult, LedgerSnapshot, SinkRoute, Spool } from '../../../src/spool/spool.ts'

export async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'remora-spool-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

export function options(
  path: string,
  changes: Partial<SpoolOptions> = {},
): SpoolOptions & { reports: string[] } {
  const reports: string[] = []
  return {
    path,
    maxBytes: 64 << 20,
    reserveRatio: 0.01,
    pauseOrder: ['files', 'journald', 'kmsg', 'pstore'],
    clock: systemClock,
    report: (message) => reports.push(message),
    reports,
    ...changes,
  }
}

export function sink(name: string, changes: Partial<SinkRoute> = {}): SinkRoute {
  return {
    name,
    required: true,
    offNode: true,
    keepAll: false,
    kinds: ['events', 'samples'],
    quarantineBytes: 1 << 20,
    ...changes,
  }
}

/** Opens a spool that is closed with the test. */
export async function open(
  t: TestContext,
  spoolOptions: SpoolOptions,
  sinks: readonly SinkRoute[],
): Promise<Spool> {
  const spool = await openSpool(spoolOptions, sinks)
  t.after(() => spool[Symbol.asyncDispose]().catch(() => undefined))
  return spool
}

/** Records `from` to before `to` of a source that counts, each saying which it is. */
export function records(from: number, to: number, padding = ''): LogRecord[] {
  return Array.from({ length: to - from }, (_, index) => {
    const time = BigInt(1_700_000_000_000 + from + index) * 1_000_000n
    return {
      stream: 'counter',
      id: `counter:${from + index}`,
      time,
      observed: time + 1n,
      fields: [
        ['body', Buffer.from(`record ${from + index}${padding}`)],
        ['unit', Buffer.from('test')],
      ],
    }
  })
}

export function batch(from: number, to: number, padding = ''): SourceBatch {
  return { records: records(from, to, padding), positions: [{ stream: 'counter', position: String(to) }] }
}

/**
 * The same records as columns, in a table without doubles; their times are whole microseconds.
 * @param room that of others, which nobody looks at any more @param released called when nobody looks at these any more
 */
export function columnsOf(
  records: readonly LogRecord[],
  room?: RecordColumns,
  released: (columns: RecordColumns) => void = () => undefined,
): RecordColumns {
  const columns = room ? RecordColumns.inRoomOf(room, released) : RecordColumns.empty(8, released)
  const places = new Map<string, number>()
  for (const { stream, id, time, observed, fields } of records) {
    const indices = columns.reserve(fields.length)
    let end = columns.indexCount
    for (const [name, value] of fields) {
      const bytes = Buffer.concat([Buffer.from(`${name}=`), value])
      const known = bytes.toString('latin1')
      const place = places.get(known) ?? columns.table.add(bytes, 0, bytes.length)
      places.set(known, place)
      indices[end++] = place
    }
    columns.end(end, stream, id, -1)
    columns.setTimes(Number(time / 1000n), observed)
  }
  return columns
}

/** Everything of a record, as plain values. */
export function shown({ stream, id, time, observed, fields }: LogRecord): unknown {
  return {
    stream,
    id,
    time,
    observed,
    fields: fields.map(([name, value]) => [name, Buffer.from(value).toString('latin1')]),
  }
}

export function samples(count: number, value: number): SpooledSample[] {
  return Array.from({ length: count }, (_, index) => ({
    name: 'node_test',
    labels: { device: `d${index}` },
    value: value + index,
    stale: false,
  }))
}

export function accepted(sequence: number, count: number): BatchResult {
  return { sequence, acknowledged: count }
}

/** Bytes that do not compress. */
export function noise(bytes: number): string {
  return Array.from({ length: Math.ceil(bytes / 11) }, () =>
    Math.random().toString(36).slice(2, 13).padEnd(11, '0'),
  ).join('')
}

/** Takes and settles everything a sink awaits. @returns the ids or samples' counts it got, in order */
export async function drain(spool: Spool, name: string): Promise<string[]> {
  const got: string[] = []
  for (;;) {
    const next = await spool.next(name, 0)
    if (next === undefined) return got
    if (next.kind === 'events') got.push(...next.records.map((record) => record.id))
    else got.push(`${next.timeMilliseconds}:${next.count}`)
    await spool.settle(name, [accepted(next.sequence, next.count)])
  }
}

/** Both equations of format.md, for every source and sink. @returns how many equations were checked */
export function assertConserved(snapshot: LedgerSnapshot): number {
  const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0)
  let checked = 0
  for (const [source, { read, spooled, filtered }] of snapshot.sources) {
    assert.equal(read, sum(filtered) + spooled, `read of ${source}`)
    checked += 1
  }
  for (const [name, sources] of snapshot.sinks) {
    for (const [source, { routed, acknowledged, held, quarantined, lost }] of sources) {
      assert.equal(routed, acknowledged + held + quarantined + sum(lost), `routed of ${source} to ${name}`)
      checked += 1
    }
  }
  return checked
}
