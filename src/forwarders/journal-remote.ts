/**
 * journal-remote: events to systemd-journal-remote by POST of the Journal Export Format to its /upload
 * (systemd-journal-remote.service(8)). What it answers was tried on systemd 252:
 *
 * - 202 says that every entry is in its journal file, in the page cache: a crash of the receiving machine can lose what
 *   its kernel has not written back. `settle_seconds` of 60 covers that.
 * - It answers 202 as well for an entry it leaves out as invalid, and drops the connection without an answer for one it
 *   cannot parse; so nothing of either kind is ever sent (journal-export.ts), and records of too many fields are
 *   refused here.
 * - It also drops the connection when its disk is full: retried like any connection error.
 * - 413 for a body of more than 770 MiB; 404, 406 and 415 for a wrong address, method or type.
 *
 * A heartbeat is an entry with the field REMORA_HEARTBEAT and without REMORA_ID and REMORA_RECORD.
 *
 * A batch sent again is stored again: the receiver knows no duplicates, REMORA_ID and REMORA_RECORD tell them.
 */
import type { Clock } from '../clock.ts'
import type { JournalRemoteSinkConfig } from '../sink-schemas.ts'
import type { Forwarder, Origin } from './forwarder.ts'
import { httpSink } from './http.ts'
import { exporter, exportHeartbeat, mostFields } from './journal-export.ts'

const headers = { 'content-type': 'application/vnd.fdo.journal' }

/** @throws {ConfigError} naming the key (and file) that is wrong */
export function journalRemoteForwarder(
  config: JournalRemoteSinkConfig,
  origin: Origin,
  clock: Clock,
): Forwarder {
  const http = httpSink(config, clock)
  return {
    kinds: ['events'],
    async send(batch, signal) {
      if (batch.kind !== 'events') return { is: 'refused', words: 'Cannot send samples to journal-remote' }
      const exported = exporter(batch.source, origin)
      const body: Uint8Array[] = []
      const refused: { index: number; words: string }[] = []
      for (let index = 0; index < batch.records.length; index++) {
        const record = batch.records.at(index)
        if (record === undefined) break
        const { pieces, fields } = exported(record)
        if (fields <= mostFields) for (const piece of pieces) body.push(piece)
        else
          refused.push({
            index,
            words: `Not sent: ${fields} fields with our own, journal-remote takes ${mostFields}`,
          })
      }
      if (body.length === 0) return refused.length === 0 ? { is: 'accepted' } : { is: 'partly', refused }
      const { endpoint, outcome } = await http.exchange('POST', headers, Buffer.concat(body), signal)
      if (outcome.is === 'accepted' && refused.length > 0) return { is: 'partly', refused, endpoint }
      return { ...outcome, endpoint }
    },
    heartbeat: async (beat, signal) =>
      (await http.aside('POST', headers, exportHeartbeat(beat, origin), signal)).outcome,
    close: () => http.close(),
  }
}
