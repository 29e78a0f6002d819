/**
 * Taking over what can be read of a spool that is being replaced (format.md, Ledger): positions, last states,
 * quarantine and batches, in one transaction, counted as read and spooled in the new ledger. What cannot be read is
 * counted as missed{spool_damaged}, or said to be unknown.
 */
import { describe } from '../errors.ts'
import type { LogRecord } from '../model.ts'
import { blockStream, writePositions } from './acknowledgement.ts'
import { encodeRecords } from './codec.ts'
import { blob, type Database, integer, type Row, text } from './database.ts'
import { countSink, countSource } from './ledger.ts'
import { append, loadBatch, takeNumbers } from './log.ts'
import { quarantined } from './quarantine.ts'
import { bit, type RoutedSink, takes } from './sinks.ts'

/** The source of what the spool itself has to tell. */
export const ownSource = 'remora'

export interface Salvaged {
  readonly records: number
  readonly missed: number
  /** Something could not even be counted. */
  readonly unknown: boolean
}

/** @param sinks of the new ledger, already in it */
export function takeOver(
  old: Database | undefined,
  fresh: Database,
  sinks: readonly RoutedSink[],
  now: number,
): Salvaged {
  return fresh.transaction(() => {
    const salvage = new Salvage(old, fresh, sinks)
    salvage.batches()
    salvage.quarantine()
    salvage.positions()
    if (salvage.unknown) sayUnknown(fresh, sinks, now)
    return { records: salvage.records, missed: salvage.missed, unknown: salvage.unknown }
  })
}

class Salvage {
  records = 0
  missed = 0
  unknown = false
  readonly #old: Database | undefined
  readonly #fresh: Database
  readonly #sinks: readonly RoutedSink[]
  /** Sequences of the old log whose records are now in the new one. */
  readonly #taken = new Set<number>()
  /** Sources of batches that cannot be read. */
  readonly #damaged = new Set<string>()

  constructor(old: Database | undefined, fresh: Database, sinks: readonly RoutedSink[]) {
    this.#old = old
    this.#fresh = fresh
    this.#sinks = sinks
    this.unknown = old === undefined
  }

  batches(): void {
    const cursors = this.#cursors()
    for (const sequence of this.#sequences()) {
      const row = this.#row(sequence)
      if (row === undefined) continue
      const source = text(row, 'source')
      const count = integer(row, 'count')
      const awaiting = this.#sinks.filter((sink) => takes(sink, source) && awaits(cursors, sink, row))
      if (awaiting.length === 0) continue
      try {
        loadBatch(row)
        const encoded = { bytes: blob(row, 'payload'), checksum: integer(row, 'checksum') }
        const kind = text(row, 'kind') === 'events' ? 'events' : 'samples'
        countSource(this.#fresh, source, 'read', count)
        append(this.#fresh, awaiting, {
          kind,
          source,
          count,
          timeMilliseconds: integer(row, 'time_ms'),
          positions: text(row, 'positions'),
          encoded,
        })
        this.records += count
        this.#taken.add(sequence)
      } catch {
        this.missed += count
        this.#damaged.add(source)
        countSource(this.#fresh, source, 'missed', count, 'spool_damaged')
      }
    }
  }

  quarantine(): void {
    for (const record of this.#attempt(
      () => (this.#old === undefined ? [] : quarantined(this.#old, -1, '1')),
      [],
    )) {
      const sink = this.#sinks.find(({ name }) => name === record.sink)
      if (sink === undefined) continue
      const { batch, source } = record
      const encoded = batch.kind === 'events' ? encodeRecords(batch.records) : undefined
      if (encoded === undefined) continue // A refused sample of a gone ledger is of no use to anyone: it is old by now.
      const number = this.#taken.has(batch.sequence)
        ? record.number
        : this.#readAgain(source, encoded, record.quarantinedMilliseconds)
      countSink(this.#fresh, sink.id, source, 'routed', 1)
      countSink(this.#fresh, sink.id, source, 'quarantined', 1)
      this.#fresh.run(
        `INSERT INTO quarantine (sink, sequence, routed, kind, source, id, number, words, since_ms, time_ms, replay, checksum, payload)
         VALUES (?, 0, ?, 'events', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        sink.id,
        bit(sink.id),
        source,
        record.id,
        number,
        record.words,
        record.quarantinedMilliseconds,
        record.quarantinedMilliseconds,
        Number(record.replay),
        encoded.checksum,
        encoded.bytes,
      )
    }
  }

  /** Nothing is acknowledged back to a source that may be lost, or was not acknowledged in the old ledger. */
  positions(): void {
    const newest = this.#fresh.number(`SELECT seq FROM sqlite_sequence WHERE name = 'batch'`)
    for (const row of this.#rows('SELECT source, stream FROM unacknowledged ORDER BY source, stream'))
      blockStream(this.#fresh, text(row, 'source'), text(row, 'stream'), 0, 0)
    for (const row of this.#rows('SELECT source, stream, position FROM position ORDER BY source, stream')) {
      this.#fresh.run(
        'INSERT OR REPLACE INTO position (source, stream, position, batch) VALUES (?, ?, ?, ?)',
        text(row, 'source'),
        text(row, 'stream'),
        text(row, 'position'),
        newest,
      )
      if (this.unknown || this.#damaged.has(text(row, 'source')))
        blockStream(this.#fresh, text(row, 'source'), text(row, 'stream'), 0, 0)
    }
  }

  #readAgain(source: string, encoded: ReturnType<typeof encodeRecords>, timeMilliseconds: number): number {
    this.records += 1
    countSource(this.#fresh, source, 'read', 1)
    countSource(this.#fresh, source, 'spooled', 1)
    return takeNumbers(this.#fresh, { kind: 'events', source, count: 1, timeMilliseconds, encoded })
  }

  /** What the old ledger says of each sink; undefined when that cannot be read: then every taker gets everything. */
  #cursors(): Map<string, { id: number; cursor: number }> | undefined {
    return this.#attempt(() => {
      const rows = this.#old?.all('SELECT id, name, cursor FROM sink WHERE NOT removed') ?? []
      return new Map(
        rows.map((row) => [text(row, 'name'), { id: integer(row, 'id'), cursor: integer(row, 'cursor') }]),
      )
    }, undefined)
  }

  /** Every sequence that table or index still name, in order. */
  #sequences(): number[] {
    const found = new Set<number>()
    for (const from of ['batch NOT INDEXED', 'batch INDEXED BY batch_held']) {
      for (const row of this.#rows(`SELECT sequence FROM ${from} ORDER BY sequence`))
        found.add(integer(row, 'sequence'))
    }
    return [...found].sort((a, b) => a - b)
  }

  /** The whole row, or what the index still knows of it: enough to count what is missed. */
  #row(sequence: number): Row | undefined {
    const whole = this.#attempt(
      () => this.#old?.get('SELECT * FROM batch NOT INDEXED WHERE sequence = ?', sequence),
      undefined,
    )
    if (whole !== undefined) return whole
    const columns = 'sequence, kind, source, routed, count, bytes, time_ms'
    return this.#attempt(
      () => this.#old?.get(`SELECT ${columns} FROM batch INDEXED BY batch_held WHERE sequence = ?`, sequence),
      undefined,
    )
  }

  /** Rows from the front until damage, then from the back until damage: a hole between is unknown. */
  #rows(sql: string): Row[] {
    const rows: Row[] = []
    if (this.#collect(sql, rows)) return rows
    const fromBack: Row[] = []
    this.#collect(
      sql.replaceAll(
        /ORDER BY (.*)$/g,
        (_, keys: string) =>
          `ORDER BY ${keys
            .split(', ')
            .map((key) => `${key} DESC`)
            .join(', ')}`,
      ),
      fromBack,
    )
    this.unknown = true
    return [...rows, ...fromBack.reverse()]
  }

  #collect(sql: string, into: Row[]): boolean {
    try {
      for (const row of this.#old?.each(sql) ?? []) into.push(row)
      return true
    } catch {
      return false
    }
  }

  /** Damage is expected here; what it hides is counted or unknown, never fatal. */
  #attempt<T>(read: () => T, otherwise: T): T {
    try {
      return read()
    } catch {
      this.unknown = true
      return otherwise
    }
  }
}

function awaits(
  cursors: ReadonlyMap<string, { id: number; cursor: number }> | undefined,
  sink: RoutedSink,
  row: Row,
): boolean {
  if (cursors === undefined) return true
  const old = cursors.get(sink.name)
  if (old === undefined) return false // A sink that is new now: nothing earlier is routed to it.
  return Math.floor(integer(row, 'routed') / bit(old.id)) % 2 === 1 && integer(row, 'sequence') > old.cursor
}

function sayUnknown(fresh: Database, sinks: readonly RoutedSink[], now: number): void {
  const time = BigInt(now) * 1_000_000n
  const fields = {
    'event.name': 'remora.spool_damaged',
    severity_number: '17',
    severity_text: 'ERROR',
    body: 'The spool was damaged and replaced; how many records it held beyond those taken over is unknown.',
  }
  const record: LogRecord = {
    stream: 'spool',
    id: `spool:damaged:${time}`,
    time,
    observed: time,
    fields: Object.entries(fields).map(([name, value]) => [name, Buffer.from(value)] as const),
  }
  countSource(fresh, ownSource, 'read', 1)
  append(fresh, sinks, {
    kind: 'events',
    source: ownSource,
    count: 1,
    timeMilliseconds: now,
    positions: writePositions([]),
    encoded: encodeRecords([record]),
  })
}

/** In words, for the log. */
export function describeSalvage(salvaged: Salvaged, error: unknown): string {
  const unknown = salvaged.unknown ? ', and an unknown number could not be read' : ''
  return `${salvaged.records} records taken over, ${salvaged.missed} counted as missed${unknown} (${describe(error)})`
}
