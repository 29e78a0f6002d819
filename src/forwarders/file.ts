/**
 * file: everything as rotated, zstd-compressed NDJSON files (file/ndjson.ts, RFC 8878), for a mounted network file
 * system, and as what works with no configuration. Accepted means: in a file, synced, and the file's name too.
 *
 * Each accepted batch is one zstd frame, so every file, the `.partial` one being written included, reads with
 * `zstd -dc`. Nodes may share a folder: each writes, bounds, renames and deletes only the files that bear its name.
 */
import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'
import type { Clock } from '../clock.ts'
import { counter, gauge, type Metric } from '../model.ts'
import type { FileSinkConfig } from '../sink-schemas.ts'
import { fileFailure } from './file/failure.ts'
import { writeHeartbeat } from './file/heartbeat-file.ts'
import { ndjson } from './file/ndjson.ts'
import { type FileStore, fileStore } from './file/store.ts'
import type { Forwarder, Origin } from './forwarder.ts'
import { patience } from './patience.ts'
import { within } from './within.ts'

const source = 'the folder of the sink'
const bytes = gauge('remora_file_bytes', 'bytes', source, 'Bytes in the files of the sink.')
const deletedSegments = counter(
  'remora_file_deleted_segments_total',
  'none',
  source,
  'Files deleted to stay within the bound, since the agent started.',
)
const deletedRecords = counter(
  'remora_file_deleted_records_total',
  'none',
  source,
  'Records and samples in the files deleted to stay within the bound, since the agent started.',
)
const deletedBytes = counter(
  'remora_file_deleted_bytes_total',
  'bytes',
  source,
  'Bytes of the files deleted to stay within the bound, since the agent started.',
)
/** The counts begin at zero with the agent: a counter reset to whoever reads them. */
export const fileMetrics: readonly Metric[] = [bytes, deletedSegments, deletedRecords, deletedBytes]

const compress = promisify(zstdCompress)

export function fileForwarder(config: FileSinkConfig, origin: Origin, clock: Clock): Forwarder {
  const store: FileStore = fileStore(config, origin, clock)
  const timeout = config.retry.timeout_seconds * 1000
  /** The one use of the folder under way: a file system that hangs must never see a second. */
  let busy: Promise<unknown> = Promise.resolve()
  const stop = new AbortController()
  let beating = false

  function alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = busy.then(work)
    busy = mine.then(
      () => undefined,
      () => undefined,
    )
    return mine
  }

  /** Closes the open file when its age is reached, also while nothing is sent. */
  async function closeAged(): Promise<void> {
    for (let due = store.dueMilliseconds(); due !== undefined; due = store.dueMilliseconds()) {
      await clock.sleep(due, stop.signal)
      await alone(store.closeAged)
    }
  }
  let ageing = false
  function watchAge(): void {
    if (ageing || stop.signal.aborted) return
    ageing = true
    closeAged().then(
      () => {
        ageing = false
      },
      () => {
        ageing = false // Stopped, or it could not be closed: the next batch begins with closing it.
      },
    )
  }

  return {
    kinds: ['events', 'samples'],
    async send(batch, signal) {
      if (batch.count === 0) return { is: 'accepted' }
      using written = patience(timeout)
      const deadline = AbortSignal.any([signal, stop.signal, written.signal])
      try {
        const text = ndjson(batch, origin) // Before any wait: it says which ledger the numbers are of.
        await within(busy, deadline)
        const frame = await compress(text, {
          pledgedSrcSize: text.length,
          params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
        })
        const fits = await within(
          alone(() => store.append(frame, batch.count, deadline)),
          deadline,
        )
        watchAge()
        if (fits) return { is: 'accepted' }
        return { is: 'refused', words: `${frame.length} bytes are more than "${config.path}" may hold` }
      } catch (error) {
        return fileFailure(error, config)
      }
    },
    async heartbeat(beat, signal) {
      // One at a time, and in turn with the batches; what hangs is not waited for twice.
      if (beating) return { is: 'retry', words: 'the heartbeat before is still being written', busy: true }
      beating = true
      const written = alone(() => writeHeartbeat(config.path, origin, beat)).finally(() => {
        beating = false
      })
      try {
        await within(written, signal)
        return { is: 'accepted' }
      } catch (error) {
        written.catch(() => undefined) // Given up on: whatever comes of it is of no account.
        return fileFailure(error, config)
      }
    },
    samples() {
      const { bytes: held, deleted } = store.state()
      return [
        { metric: bytes, value: held, labels: {} },
        { metric: deletedSegments, value: deleted.segments, labels: {} },
        { metric: deletedRecords, value: deleted.records, labels: {} },
        { metric: deletedBytes, value: deleted.bytes, labels: {} },
      ]
    },
    async close() {
      stop.abort(new DOMException('the sink is closed', 'AbortError'))
      try {
        await within(alone(store.close), AbortSignal.timeout(timeout))
      } catch {
        // It stays `.partial`, whole up to the last accepted batch, and the next start closes it.
      }
    },
  }
}
