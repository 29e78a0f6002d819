/**
 * Taking over what can be read of a spool that is being replaced (format.md, Ledger): positions, last states,
 * quarantine and batches, in one transaction, counted as read and spooled in the new ledger. What cannot be read is
 * counted as missed{spool_damaged}, or said to be unknown.
 */
import type { LogRecord } from '../model.ts'
import { blockStream, writePositions } from './acknowledgement.ts'
import { sinkImbalance } from './balance.ts'
import { type Encoded, encodeSamples } from './codec.ts'
import { blob, type Database, integer, type Row, text } from './database.ts'
import { countSink, countSource } from './ledger.ts'
import { append, checkRow, loadBatch, takeNumbers } from './log.ts'
import { quarantined } from './quarantine.ts'
import { encodeRecords } from './records.ts'
import { bit, type RoutedSink, takes } from './sinks.ts'
import { ownSource, type QuarantinedRecord } from './spool.ts'

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
  /** By the sequence of the old log: where its records are in the new one, and what their numbers have grown by. */
  readonly #taken = new Map<number, { sequence: number; shift: number }>()
  /** By source and old number: the number of a record that is only in the quarantine. */
  readonly #numbers = new Map<string, number>()
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
      if (readable(row)) {
        countSource(this.#fresh, source, 'read', count)
        const place = append(this.#fresh, awaiting, {
          kind: text(row, 'kind') === 'events' ? 'events' : 'samples',
          source,
          count,
          timeMilliseconds: integer(row, 'time_ms'),
          positions: text(row, 'positions'),
          encoded: { bytes: blob(row, 'payload'), checksum: integer(row, 'checksum') },
        })
        const shift = place.firstNumber - integer(row, 'first_number')
        this.#taken.set(sequence, { sequence: place.sequence, shift })
        this.records += count
      } else this.#miss(source, count)
    }
  }

  /** A record without a batch in the new log gets a place of its own, before all batches: at risk goes by places. */
  quarantine(): void {
    for (const { key, source } of this.#keys()) {
      const record = this.#attempt(
        () => this.#old && quarantined(this.#old, 1, 'key = ?', key)[0],
        undefined,
        () => this.#miss(source, 1),
      )
      const sink = this.#sinks.find(({ name }) => name === record?.sink)
      if (record === undefined || sink === undefined) continue
      const { batch } = record
      const encoded = batch.kind === 'events' ? encodeRecords(batch.records) : encodeSamples(batch.samples)
      const taken = this.#taken.get(batch.sequence)
      const shift = batch.kind === 'events' ? (taken?.shift ?? 0) : 0
      const number = taken ? record.number + shift : this.#readAgain(record, encoded)
      countSink(this.#fresh, sink.id, source, 'routed', 1)
      countSink(this.#fresh, sink.id, source, 'quarantined', 1)
      this.#fresh.run(
        `INSERT INTO quarantine (sink, sequence, routed, kind, source, id, number, words, since_ms, time_ms, replay, checksum, payload)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        sink.id,
        taken?.sequence ?? -batch.sequence,
        0,
        batch.kind,
        source,
        record.id,
        number,
        record.words,
        record.quarantinedMilliseconds,
        batch.kind === 'samples' ? batch.timeMilliseconds : record.quarantinedMilliseconds,
        Number(record.replay),
        encoded.checksum,
        encoded.bytes,
      )
    }
    // Routed to whoever has it, here or in the log: it is at risk until one of them has acknowledged it.
    this.#fresh.run(`UPDATE quarantine SET routed =
      coalesce((SELECT routed FROM batch WHERE batch.sequence = quarantine.sequence), 0) |
      (SELECT sum(DISTINCT 1 << (same.sink - 1)) FROM quarantine AS same
       WHERE same.sequence = quarantine.sequence AND same.number = quarantine.number)`)
  }

  /** Nothing is acknowledged back to a source that may be lost, or was not acknowledged in the old ledger. */
  positions(): void {
    const newest = this.#fresh.number(`SELECT seq FROM sqlite_sequence WHERE name = 'batch'`)
    for (const row of this.#texts(
      'SELECT source, stream FROM unacknowledged ORDER BY source, stream',
      'source',
      'stream',
    ))
      blockStream(this.#fresh, text(row, 'source'), text(row, 'stream'), 0, 0)
    for (const row of this.#texts(
      'SELECT source, stream, position FROM position ORDER BY source, stream',
      'source',
      'stream',
      'position',
    )) {
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

  /** Once for each record, however many sinks have it in quarantine. @returns its number, of a sample its place */
  #readAgain(
    { source, batch, number, quarantinedMilliseconds }: QuarantinedRecord,
    encoded: Encoded,
  ): number {
    const key = JSON.stringify([source, batch.sequence, number])
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.records += 1
    countSource(this.#fresh, source, 'read', 1)
    countSource(this.#fresh, source, 'spooled', 1)
    const { kind } = batch
    const timeMilliseconds = quarantinedMilliseconds
    const taken = takeNumbers(this.#fresh, { kind, source, count: 1, timeMilliseconds, encoded })
    this.#numbers.set(key, kind === 'events' ? taken : number)
    return kind === 'events' ? taken : number
  }

  #miss(source: string, count: number): void {
    this.missed += count
    this.#damaged.add(source)
    countSource(this.#fresh, source, 'missed', count, 'spool_damaged')
  }

  #keys(): { key: number; source: string }[] {
    return this.#texts('SELECT key, source FROM quarantine ORDER BY key', 'source').map((row) => ({
      key: integer(row, 'key'),
      source: text(row, 'source'),
    }))
  }

  /**
   * What the old ledger says of each sink; undefined when that cannot be read, or may be the very term that is wrong in
   * a ledger that does not add up: then every taker gets everything.
   */
  #cursors(): Map<string, { id: number; cursor: number }> | undefined {
    return this.#attempt(() => {
      if (this.#isOutOfBalance()) return undefined
      const rows = this.#old?.all('SELECT id, name, cursor FROM sink WHERE NOT removed') ?? []
      return new Map(
        rows.map((row) => [text(row, 'name'), { id: integer(row, 'id'), cursor: integer(row, 'cursor') }]),
      )
    }, undefined)
  }

  /** False where its counts cannot be read: that says nothing of the cursors. */
  #isOutOfBalance(): boolean {
    return this.#attempt(
      () => this.#old !== undefined && sinkImbalance(this.#old) !== undefined,
      false,
      () => undefined,
    )
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
      () => {
        const row = this.#old?.get('SELECT * FROM batch NOT INDEXED WHERE sequence = ?', sequence)
        if (row !== undefined) checkRow(row)
        return row
      },
      undefined,
      () => undefined, // The index may still know it.
    )
    if (whole !== undefined) return whole
    const columns = 'sequence, source, routed, count'
    return this.#attempt(() => {
      const row = this.#old?.get(
        `SELECT ${columns} FROM batch INDEXED BY batch_held WHERE sequence = ?`,
        sequence,
      )
      // Nothing checks it but its types.
      if (row !== undefined) {
        text(row, 'source')
        for (const column of ['routed', 'count']) integer(row, column)
      }
      return row
    }, undefined)
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

  /** Those rows whose columns are still text. */
  #texts(sql: string, ...columns: readonly string[]): Row[] {
    const whole = (row: Row) => columns.every((column) => text(row, column) !== undefined)
    return this.#rows(sql).filter((row) => this.#attempt(() => whole(row), false))
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
  #attempt<T>(
    read: () => T,
    otherwise: T,
    failed: () => void = () => {
      this.unknown = true
    },
  ): T {
    try {
      return read()
    } catch {
      failed()
      return otherwise
    }
  }
}

function readable(row: Row): boolean {
  try {
    loadBatch(row)
    return true
  } catch {
    return false
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
export function describeSalvage(salvaged: Salvaged): string {
  const unknown = salvaged.unknown ? ', and an unknown number could not be read' : ''
  return `${salvaged.records} records taken over, ${salvaged.missed} counted as missed${unknown}`
}
