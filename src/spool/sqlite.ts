/**
 * The spool on SQLite (WAL): every method is one transaction. What happens when the file is
 * damaged or the disk refuses is in footing.ts; nothing here ends the process.
 */
import { channel } from 'node:diagnostics_channel'
import { describe, SpoolUnavailableError } from '../errors.ts'
import type { SourceBatch } from '../model.ts'
import {
  blockStream,
  doneNow,
  type SourcePosition,
  savePositions,
  writePositions,
} from './acknowledgement.ts'
import type { SpooledBatch, SpooledSample } from './batch.ts'
import { Changes } from './changes.ts'
import { encodeSamples } from './codec.ts'
import { type Database, failure, integer, text } from './database.ts'
import { Footing } from './footing.ts'
import type { Ground, SpoolOptions } from './ground.ts'
import { atRisk, countSource, oldestHeld, sinkCounts, sourceCounts, stretches } from './ledger.ts'
import { append, checkRow, loadBatch, type Place } from './log.ts'
import { Pressure } from './pressure.ts'
import { progress } from './progress.ts'
import { acknowledgeReplay, quarantined, refuseReplay } from './quarantine.ts'
import { Recent } from './recent.ts'
import { encodeRecords } from './records.ts'
import { loseBatch, makeRoom } from './room.ts'
import { settleBatch } from './settle.ts'
import { bit, forgetFinished, type RoutedSink, replaceSinks, takes, wouldLose } from './sinks.ts'
import {
  type BatchResult,
  type DonePosition,
  type LedgerSnapshot,
  metricsSource,
  type QuarantinedRecord,
  type SinkRoute,
  type Spool,
  type SpoolProgress,
} from './spool.ts'

/** Tests and tools watch the moments around a commit here; see docs/decisions/spool.md. */
const phases = channel('remora:spool')

/** Handed out at once. */
const mostReplays = 100

/** Free pages up to these are kept for the next batches; of more, so many are given back at once. */
const keptFreePages = 256
const mostFreedPages = 256

/** Pages given back between two looks at the room. */
const givenBackPages = 128

/** How long a source waits before it offers a batch again to a disk that refused it. */
const retryMilliseconds = 1000

export class SqliteSpool implements Spool {
  readonly #footing: Footing
  #sinks: readonly RoutedSink[] = []
  readonly #options: SpoolOptions
  readonly #pressure: Pressure
  readonly #changes: Changes
  #acknowledged: SourcePosition[] | undefined
  /** Nobody has asked yet, while undefined. By source and stream. */
  #done: Map<string, DonePosition> | undefined
  /** Samples that could not be written, counted as missed with the next commit that succeeds. */
  #unwritten = 0
  #newest = 0
  #ledger = ''
  #closed = false
  readonly #recent = new Recent()

  constructor(ground: Ground, options: SpoolOptions, sinks: readonly RoutedSink[]) {
    this.#sinks = sinks
    this.#options = options
    this.#pressure = new Pressure(options)
    this.#footing = new Footing(ground, {
      report: options.report,
      replace: (old, error) => old.replace(this.#sinks, this.#newest, error),
      leave: (old) => old.leave(this.#sinks, this.#newest),
      stood: () => {
        this.#stand()
        this.#changes.tell() // What was taken over has new places in the log.
      },
    })
    this.#stand()
    this.#changes = new Changes(
      () => this.#db.number('PRAGMA data_version'),
      () => this.#pressure.paused.length > 0,
    )
  }

  get ledger(): string {
    return this.#ledger
  }

  get newest(): number {
    return this.#newest
  }

  async route(sinks: readonly SinkRoute[]): Promise<void> {
    this.#footing.write('sinks', () => {
      const routed = this.#db.transaction(() => {
        const replaced = replaceSinks(this.#db, sinks, this.#sequence())
        forgetFinished(this.#db)
        return replaced
      })
      this.#sinks = routed
    })
    this.#changed()
  }

  async wouldLose(sinks: readonly SinkRoute[]): Promise<ReadonlyMap<string, number>> {
    return wouldLose(this.#db, sinks)
  }

  async positions(source: string): Promise<ReadonlyMap<string, string>> {
    return this.#footing.read('positions', () => {
      const rows = this.#db.all('SELECT stream, position FROM position WHERE source = ?', source)
      return new Map(rows.map((row) => [text(row, 'stream'), text(row, 'position')]))
    })
  }

  async commit(source: string, batch: SourceBatch): Promise<void> {
    const encoded = batch.records.length > 0 ? encodeRecords(batch.records) : undefined
    let place: Place | undefined
    this.#footing.write(source, () => {
      this.#admit(source, encoded?.bytes.length ?? 0)
      const now = this.#options.clock.now()
      this.#db.transaction(
        () => {
          const { filtered = {}, missed = {}, records } = batch
          for (const [reason, count] of Object.entries(filtered))
            countSource(this.#db, source, 'filtered', count, reason)
          for (const [reason, count] of Object.entries(missed))
            countSource(this.#db, source, 'missed', count, reason)
          const filteredCount = Object.values(filtered).reduce((sum, count) => sum + count, 0)
          countSource(this.#db, source, 'read', records.length + filteredCount)
          if (encoded !== undefined) {
            const positions = writePositions(batch.positions)
            place = append(this.#db, this.#sinks, {
              kind: 'events',
              source,
              count: records.length,
              timeMilliseconds: now,
              positions,
              encoded,
            })
          }
          savePositions(this.#db, source, batch.positions, this.#sequence())
          this.#countUnwritten()
        },
        () => phases.publish({ phase: 'committing', source }),
      )
      this.#unwritten = 0
      if (encoded === undefined) this.#pass(doneNow(this.#db, this.#requiredMask, source))
    })
    if (place !== undefined && encoded !== undefined)
      this.#recent.keep(place, source, encoded.bytes.length, batch.records)
    phases.publish({ phase: 'committed', source })
    this.#changed()
  }

  async commitSamples(timeMilliseconds: number, samples: readonly SpooledSample[]): Promise<void> {
    if (samples.length === 0) return
    const encoded = encodeSamples(samples)
    try {
      this.#footing.write(metricsSource, () => {
        this.#makeRoomFor(encoded.bytes.length)
        const fits = this.#pressure.fits(this.#db, this.#used(), encoded.bytes.length)
        this.#db.transaction(() => {
          countSource(this.#db, metricsSource, 'read', samples.length)
          const { sequence } = append(this.#db, this.#sinks, {
            kind: 'samples',
            source: metricsSource,
            count: samples.length,
            timeMilliseconds,
            positions: '[]',
            encoded,
          })
          const row = this.#db.get('SELECT sequence, source, count FROM batch WHERE sequence = ?', sequence)
          if (!fits && row !== undefined) loseBatch(this.#db, row, 'spool_full')
          this.#countUnwritten()
        })
        this.#unwritten = 0
      })
    } catch (error) {
      if (!(error instanceof SpoolUnavailableError)) throw error
      this.#unwritten += samples.length
    }
    this.#changed()
  }

  async writable(source: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#footing.writable && !this.#pressure.pauses(source, this.#db, this.#used())) return
      const refused = !this.#footing.writable
      await this.#changes.next(signal, retryMilliseconds)
      if (refused) return // The next commit is what tries the disk again.
    }
  }

  async next(sinkName: string, after: number): Promise<SpooledBatch | undefined> {
    return this.#footing.read(`sink ${sinkName}`, () => {
      for (;;) {
        const sink = this.#sink(sinkName)
        const sequence = this.#db.number(
          `SELECT batch.sequence FROM batch INDEXED BY batch_held
           JOIN sink ON sink.id = ? WHERE batch.sequence > max(?, sink.cursor)
           AND (batch.routed >> (sink.id - 1)) & 1 ORDER BY batch.sequence LIMIT 1`,
          sink.id,
          after,
        )
        if (sequence === 0) return undefined
        const recent = this.#recent.take(sequence)
        if (recent !== undefined) return recent
        const row = this.#db.get('SELECT * FROM batch WHERE sequence = ?', sequence)
        if (row === undefined) return undefined
        checkRow(row) // What it counts cannot be trusted otherwise: then the file is replaced.
        try {
          return loadBatch(row)
        } catch (error) {
          if (failure(error) !== 'damaged') throw error
          this.#options.report(
            `batch ${integer(row, 'sequence')} of ${text(row, 'source')} is damaged, counted as lost: ${describe(error)}`,
          )
          this.#db.transaction(() => loseBatch(this.#db, row, 'spool_damaged'))
        }
      }
    })
  }

  async keptUp(): Promise<void> {
    await this.#recent.taken(this.#newest)
  }

  async settle(sinkName: string, results: readonly BatchResult[]): Promise<void> {
    this.#footing.write(`sink ${sinkName}`, () => {
      const sink = this.#sink(sinkName)
      this.#pass(
        this.#db.transaction(
          () => results.flatMap((result) => settleBatch(this.#db, sink, result, this.#options.clock.now())),
          () => phases.publish({ phase: 'settling', sink: sinkName }),
        ),
      )
      if (this.#db.number('PRAGMA freelist_count') > keptFreePages)
        this.#db.script(`PRAGMA incremental_vacuum(${mostFreedPages})`)
    })
    phases.publish({ phase: 'settled', sink: sinkName })
    this.#changed()
  }

  async grown(after: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#newest <= after) {
      const before = this.#changes.byOthers
      await this.#changes.next(signal)
      if (this.#changes.byOthers !== before) return // A replay, perhaps.
    }
  }

  async snapshot(): Promise<LedgerSnapshot> {
    return this.#footing.read('ledger', () =>
      this.#db.snapshot(() => {
        const log = stretches(this.#db)
        return {
          ledger: this.ledger,
          sources: sourceCounts(this.#db),
          sinks: sinkCounts(this.#db, log),
          oldestHeldMilliseconds: oldestHeld(this.#db, log),
          atRisk: atRisk(
            this.#db,
            metricsSource,
            (source) => this.#sinks.some((sink) => sink.offNode && takes(sink, source)),
            log,
          ),
          usedBytes: this.#used(),
          boundBytes: this.#pressure.bound(this.#used()),
          onDisk: this.#footing.file !== undefined,
          writable: this.#footing.writable,
          batches: this.#db.number('SELECT count(*) FROM batch'),
          pausedSources: this.#pressure.paused,
        }
      }),
    )
  }

  async progress(): Promise<SpoolProgress> {
    return this.#footing.read('heartbeat', () => this.#db.snapshot(() => progress(this.#db)))
  }

  async acknowledgedPositions(): Promise<readonly SourcePosition[]> {
    return this.#footing.read('acknowledgements', () => {
      const found = this.#acknowledged ?? acknowledgedOf(doneNow(this.#db, this.#requiredMask))
      this.#acknowledged = []
      return found
    })
  }

  async donePositions(): Promise<readonly DonePosition[]> {
    return this.#footing.read('state copy', () => {
      const found = this.#done ? [...this.#done.values()] : doneNow(this.#db, this.#requiredMask)
      this.#done = new Map()
      return found
    })
  }

  async adopt(
    positions: readonly DonePosition[],
    quarantined: Readonly<Record<string, number>>,
  ): Promise<boolean> {
    return this.#footing.write('state copy', () =>
      this.#db.transaction(() => {
        if (this.#db.number('SELECT count(*) FROM position') > 0) return false
        const newest = this.#sequence()
        for (const { source, acknowledged, ...position } of positions) {
          savePositions(this.#db, source, [position], newest)
          if (!acknowledged) blockStream(this.#db, source, position.stream, newest, 0)
        }
        for (const [source, count] of Object.entries(quarantined))
          countSource(this.#db, source, 'missed', count, 'quarantined')
        return true
      }),
    )
  }

  async replays(sink: string): Promise<readonly QuarantinedRecord[]> {
    return this.#footing.read(`sink ${sink}`, () =>
      quarantined(this.#db, mostReplays, 'sink.name = ? AND quarantine.replay = 1', sink),
    )
  }

  async replayed(key: number, refused?: string): Promise<void> {
    this.#footing.write('quarantine', () => {
      this.#db.transaction(() =>
        refused === undefined ? acknowledgeReplay(this.#db, key) : refuseReplay(this.#db, key, refused),
      )
      if (refused === undefined) this.#pass(doneNow(this.#db, this.#requiredMask))
    })
    this.#changed()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#changes.stop()
    this.#footing.close()
  }

  get #db(): Database {
    return this.#footing.db
  }

  /** They stay unwritten until this transaction is committed. */
  #countUnwritten(): void {
    countSource(this.#db, metricsSource, 'missed', this.#unwritten, 'spool_unwritable')
  }

  /** @throws {SpoolUnavailableError} if the source is paused, or is to be paused now */
  #admit(source: string, incomingBytes: number): void {
    this.#makeRoomFor(incomingBytes)
    const refusal = this.#pressure.admit(source, this.#db, this.#used(), incomingBytes)
    if (refusal !== undefined) throw new SpoolUnavailableError(refusal)
  }

  #makeRoomFor(incomingBytes: number): void {
    this.#giveUpFor(incomingBytes)
    this.#giveBack()
  }

  #giveUpFor(incomingBytes: number): void {
    const used = this.#used()
    if (this.#pressure.fill(this.#db, used, incomingBytes) <= Pressure.full) return
    // More than there can ever be: it waits for an empty spool, and what is given up would be for nothing.
    if (incomingBytes > 0 && !this.#pressure.canFit(used, incomingBytes)) return
    const enough = () => this.#pressure.fill(this.#db, this.#used(), incomingBytes) <= Pressure.relieved
    this.#db.transaction(() => makeRoom(this.#db, enough))
  }

  /** What was given up goes back to a file system that has less room than the spool takes. */
  #giveBack(): void {
    if (!this.#pressure.exceeds(this.#used())) return
    try {
      this.#db.emptyLog() // It is the first to go, and each step below needs some of its room.
      while (this.#pressure.exceeds(this.#used()) && this.#db.number('PRAGMA freelist_count') > 0) {
        this.#db.script(`PRAGMA incremental_vacuum(${givenBackPages})`)
        this.#db.emptyLog()
      }
    } catch (error) {
      // Even this takes some room in the log, or a reader holds it: what comes next meets it and says so.
      if (failure(error) !== 'refused') throw error
    }
  }

  /** The sinks, places and bounds of the ground that the spool stands on now. */
  #stand(): void {
    this.#recent.forget()
    this.#acknowledged = undefined
    this.#done = undefined
    if (this.#sinks.length > 0) {
      const routes = this.#sinks
      this.#sinks = this.#db.transaction(() => replaceSinks(this.#db, routes, this.#sequence()))
    }
    this.#newest = this.#sequence()
    this.#ledger = text(this.#db.get(`SELECT value FROM meta WHERE key = 'ledger'`) ?? {}, 'value')
    this.#pressure.standOn(this.#db, this.#footing.file)
  }

  #sequence(): number {
    return this.#db.number(`SELECT seq FROM sqlite_sequence WHERE name = 'batch'`)
  }

  #sink(name: string): RoutedSink {
    const sink = this.#sinks.find((routed) => routed.name === name)
    if (sink === undefined) throw new RangeError(`Cannot use sink "${name}": it is not routed`)
    return sink
  }

  readonly #requiredMask = (source: string): number =>
    this.#sinks
      .filter((sink) => sink.required && sink.offNode && takes(sink, source))
      .reduce((mask, sink) => mask + bit(sink.id), 0)

  #pass(positions: readonly DonePosition[]): void {
    this.#acknowledged?.push(...acknowledgedOf(positions))
    for (const position of positions) this.#done?.set(`${position.source}\0${position.stream}`, position)
  }

  #used(): number {
    return this.#pressure.used(this.#db, this.#footing.file)
  }

  #changed(): void {
    this.#pressure.trimLog(this.#db)
    this.#newest = this.#sequence()
    this.#changes.tell()
  }
}

function acknowledgedOf(positions: readonly DonePosition[]): SourcePosition[] {
  return positions
    .filter(({ acknowledged }) => acknowledged)
    .map(({ source, stream, position }) => ({ source, stream, position }))
}
