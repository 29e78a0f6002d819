/** Reads journals as the engine does, without a spool: what was yielded is what counts. */
import { setTimeout as sleep } from 'node:timers/promises'
import { journald } from '../../collectors/journald/journald.ts'
import { commandRunner } from '../../src/command.ts'
import type { LogRecord } from '../../src/model.ts'
import { tree } from '../../src/tree.ts'
import { contextOf } from '../collectors/context.ts'

export interface Reading extends AsyncDisposable {
  readonly records: LogRecord[]
  readonly positions: Map<string, string>
  readonly missed: Map<string, number>
  readonly filtered: Map<string, number>
  readonly batches: number[]
  readonly skipped: Error[]
  /** Waits until that many records came. */
  count(records: number): Promise<void>
  /** Waits until the condition holds. */
  until(what: string, holds: () => boolean, seconds?: number): Promise<void>
  /** No batch is taken while true. */
  held: boolean
}

/** Begins to read the journals under this root; through journalctl, unless a test (direct.test.ts) says otherwise. */
export function reading(
  root: string,
  options: unknown = {},
  positions: ReadonlyMap<string, string> = new Map(),
  tools = commandRunner(),
): Reading {
  const stopping = new AbortController()
  const context = contextOf({
    options: { reader: process.env.REMORA_TEST_READER ?? 'journalctl', ...Object(options) },
  })
  let failure: unknown
  const state: Reading = {
    records: [],
    positions: new Map(positions),
    missed: new Map(),
    filtered: new Map(),
    batches: [],
    skipped: context.skipped,
    held: false,
    count: (records) => state.until(`${records} records`, () => state.records.length >= records),
    async until(what, holds, seconds = 20) {
      for (const end = Date.now() + seconds * 1000; !holds(); await sleep(10)) {
        if (failure !== undefined) throw failure
        if (Date.now() > end)
          throw new Error(
            `Cannot wait longer for ${what}: ${state.records.length} records, ${state.skipped.join()}`,
          )
      }
    },
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the test is over'))
      await done
    },
  }
  const done: Promise<void> = (async () => {
    const batches = journald.read?.({
      ...context,
      run: tools,
      stream: tools.stream,
      host: tree(root),
      positions,
      positionsOf: async () => new Map(),
      signal: stopping.signal,
    })
    for await (const batch of batches ?? []) {
      while (state.held && !stopping.signal.aborted) await sleep(20)
      if (stopping.signal.aborted) break
      state.batches.push(batch.records.length)
      state.records.push(...batch.records)
      for (const { stream, position } of batch.positions) state.positions.set(stream, position)
      for (const [reason, count] of Object.entries(batch.missed ?? {}))
        state.missed.set(reason, (state.missed.get(reason) ?? 0) + count)
      for (const [reason, count] of Object.entries(batch.filtered ?? {}))
        state.filtered.set(reason, (state.filtered.get(reason) ?? 0) + count)
    }
  })().catch((error: unknown) => {
    if (!stopping.signal.aborted) failure = error
  })
  return state
}

export function message({ fields }: LogRecord): string {
  const [, value] = fields.find(([name]) => name === 'MESSAGE') ?? []
  return value === undefined ? '' : Buffer.from(value).toString()
}

/** The numbers that came, by sequence-number id, in their order. */
export function numbersOf(records: readonly LogRecord[]): Map<string, number[]> {
  const found = new Map<string, number[]>()
  for (const { stream, id } of records) {
    const numbers = found.get(stream) ?? []
    numbers.push(Number(id.slice(stream.length + 1)))
    found.set(stream, numbers)
  }
  return found
}
