/**
 * `remora spool`: the spool's state and its quarantine, beside a running agent or without one. Replays are only asked
 * for here; the agent that runs, or the next one, sends them.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CorruptionError, describe } from '../errors.ts'
import type { SpooledBatch } from '../spool/batch.ts'
import { Database, failure, text } from '../spool/database.ts'
import { spoolFile } from '../spool/database-file.ts'
import { oldestHeld, sinkCounts, sourceCounts } from '../spool/ledger.ts'
import { dropQuarantined, quarantined } from '../spool/quarantine.ts'
import { applicationId, schemaVersion } from '../spool/schema.ts'
import type { QuarantinedRecord } from '../spool/spool.ts'
import type { Complain } from './terminal.ts'

export interface SpoolCommand {
  /** The spool's folder. */
  readonly path: string
  readonly json: boolean
  readonly out: (text: string) => void
  readonly complain: Complain
}

/** Which quarantined records: all, those of one sink, or those of these keys. */
export interface Selection {
  readonly sink?: string | undefined
  readonly keys: readonly string[]
}

/** @returns the exit code: 0 done, 1 no spool there that can be read, 2 no such record or sink */
export function spoolState(command: SpoolCommand): number {
  return withSpool(command, (db) => {
    const state = db.snapshot(() => ({
      ledger: text(db.get(`SELECT value FROM meta WHERE key = 'ledger'`) ?? {}, 'value'),
      batches: db.number('SELECT count(*) FROM batch'),
      bytes: db.number('PRAGMA page_count') * db.number('PRAGMA page_size'),
      sources: Object.fromEntries(sourceCounts(db)),
      sinks: Object.fromEntries(
        [...sinkCounts(db)].map(([name, sources]) => [name, Object.fromEntries(sources)]),
      ),
      oldestHeldMilliseconds: Object.fromEntries(oldestHeld(db)),
    }))
    if (command.json) {
      command.out(`${JSON.stringify(state, undefined, 2)}\n`)
      return 0
    }
    const lines = [`ledger ${state.ledger}: ${state.batches} batches, ${state.bytes} bytes`]
    for (const [source, counts] of Object.entries(state.sources)) {
      lines.push(
        `source ${source}: read ${counts.read} = filtered ${inWords(counts.filtered)} + spooled ${counts.spooled}; missed ${inWords(counts.missed)}`,
      )
    }
    for (const [sink, sources] of Object.entries(state.sinks)) {
      for (const [source, counts] of Object.entries(sources)) {
        lines.push(
          `sink ${sink}, ${source}: routed ${counts.routed} = acknowledged ${counts.acknowledged} + held ${counts.held} + quarantined ${counts.quarantined} + lost ${inWords(counts.lost)}`,
        )
      }
    }
    command.out(`${lines.join('\n')}\n`)
    return 0
  })
}

/** Lists what is in quarantine, or writes it whole as NDJSON. */
export function quarantineList(command: SpoolCommand, selection: Selection, whole: boolean): number {
  return withSpool(command, (db) => {
    const records = select(db, command, selection)
    if (records === undefined) return 2
    for (const record of records) {
      const { key, sink, source, id, number, words, quarantinedMilliseconds, replay } = record
      const since = new Date(quarantinedMilliseconds).toISOString()
      const about = { key, sink, source, id, number, since, replay, words }
      if (whole) command.out(`${JSON.stringify({ ...about, ...contentOf(record.batch) })}\n`)
      else if (command.json) command.out(`${JSON.stringify(about)}\n`)
      else
        command.out(
          `${key}  ${since}  ${sink}  ${source} ${number} ${id}${replay ? '  (replay asked for)' : ''}\n    ${words}\n`,
        )
    }
    if (records.length === 0 && !command.json && !whole) command.out('The quarantine is empty.\n')
    return 0
  })
}

/** Asks the agent to send records again to their sink, or counts them as lost. */
export function quarantineChange(
  command: SpoolCommand,
  selection: Selection,
  change: 'replay' | 'drop',
): number {
  return withSpool(command, (db) => {
    const records = select(db, command, selection)
    if (records === undefined) return 2
    db.transaction(() => {
      for (const { key } of records) {
        if (change === 'drop') dropQuarantined(db, key)
        else db.run('UPDATE quarantine SET replay = 1 WHERE key = ?', key)
      }
    })
    const done = change === 'drop' ? 'dropped, counted as lost' : 'will be sent again by the agent'
    if (command.json) command.out(`${JSON.stringify({ [change]: records.length })}\n`)
    else
      command.out(`${records.length} quarantined ${records.length === 1 ? 'record' : 'records'} ${done}.\n`)
    return 0
  })
}

function select(
  db: Database,
  { complain }: SpoolCommand,
  { sink, keys }: Selection,
): QuarantinedRecord[] | undefined {
  const records = sink === undefined ? quarantined(db, -1, '1') : quarantined(db, -1, 'sink.name = ?', sink)
  if (sink !== undefined && db.get('SELECT 1 FROM sink WHERE name = ?', sink) === undefined) {
    complain(`Cannot find sink "${sink}": this spool has never had it\n`, 'UsageError')
    return undefined
  }
  const known = new Set(records.map(({ key }) => String(key)))
  const unknown = keys.filter((key) => !known.has(key))
  if (unknown.length > 0) {
    complain(
      `Cannot find quarantined record ${unknown.map((key) => `"${key}"`).join(', ')}: see remora spool quarantine list\n`,
      'UsageError',
    )
    return undefined
  }
  return keys.length === 0 ? records : records.filter(({ key }) => keys.includes(String(key)))
}

function withSpool({ path, complain }: SpoolCommand, work: (db: Database) => number): number {
  const file = join(path, spoolFile)
  if (!existsSync(file)) {
    complain(`Cannot open spool "${path}": there is none (see spool.path in the configuration)\n`)
    return 1
  }
  try {
    using db = new Database(file)
    checkKnown(db)
    return work(db)
  } catch (error) {
    if (failure(error) === 'other') throw error
    complain(
      `Cannot read spool "${path}": ${describe(error)}\n`,
      error instanceof Error ? error.name : undefined,
    )
    return 1
  }
}

/** @throws {CorruptionError} if it is not a spool that this version reads */
function checkKnown(db: Database): void {
  if (db.number('PRAGMA application_id') !== applicationId)
    throw new CorruptionError(`${spoolFile} is a database of another program`)
  const version = db.number('PRAGMA user_version')
  if (version !== schemaVersion)
    throw new CorruptionError(`it is of version ${version}, and this Remora reads version ${schemaVersion}`)
}

function contentOf(batch: SpooledBatch) {
  if (batch.kind === 'samples') return { time_ms: batch.timeMilliseconds, samples: batch.samples }
  return {
    records: batch.records.map((record) => ({
      stream: record.stream,
      time: String(record.time),
      observed: String(record.observed),
      fields: record.fields.map(([name, value]) => [name, textOrBase64(Buffer.from(value))]),
    })),
  }
}

function textOrBase64(value: Buffer): string | { base64: string } {
  const decoded = value.toString('utf8')
  return Buffer.from(decoded).equals(value) ? decoded : { base64: value.toString('base64') }
}

function inWords(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts)
  return entries.length === 0 ? '0' : entries.map(([reason, count]) => `${count} (${reason})`).join(' + ')
}
