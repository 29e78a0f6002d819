/**
 * The agent of the kill test: Remora with one more source, that counts, and one more protocol, events over HTTP to
 * the receiver beside this file. Prints a marker at each phase and lingers there, so that a kill can meet it.
 * Usage: agent CONFIG TOTAL DELAY_MS LINGER_MS
 */
import { setTimeout as wait } from 'node:timers/promises'
import { startAgent } from '../../src/agent.ts'
import { loadConfig } from '../../src/config.ts'
import { protocols } from '../../src/forwarders/all.ts'
import type { Forwarder } from '../../src/forwarders/forwarder.ts'
import { type HttpSink, httpSink } from '../../src/forwarders/http.ts'
import { openLog } from '../../src/log.ts'
import type { Collector, LogRecord } from '../../src/model.ts'
import type { SpooledBatch } from '../../src/spool/batch.ts'
import { mark, markPhases } from './phases.ts'
import { batchRecords, isFiltered } from './scenario.ts'

const [config = '', total = '0', delay = '0', linger = '0'] = process.argv.slice(2)
const stream = 'counter'

markPhases(stream, 'receiver', Number(linger))

const counter: Collector = {
  name: stream,
  metrics: [],
  async *read({ positions, signal }) {
    for (let at = Number(positions.get(stream) ?? 0); at < Number(total); ) {
      mark('reading')
      await wait(Number(delay), undefined, { signal })
      const end = Math.min(at + batchRecords, Number(total))
      const indices = Array.from({ length: end - at }, (_, i) => at + i)
      const kept = indices.filter((index) => !isFiltered(index))
      yield {
        records: kept.map(record),
        positions: [{ stream, position: String(end) }],
        filtered: { unit: indices.length - kept.length },
        missed: { overrun: 1 },
      }
      at = end
    }
    mark('issued')
    await wait(2 ** 31 - 1, undefined, { signal })
  },
}

function record(index: number): LogRecord {
  const time = BigInt(index) * 1_000_000n
  return {
    stream,
    id: `counter:${index}`,
    time,
    observed: time,
    fields: [['body', Buffer.from(`record ${index}`)]],
  }
}

/** One line for each record: its number and the index in its id. */
function toReceiver(http: HttpSink): Forwarder {
  return {
    kinds: ['events'],
    async send(batch: SpooledBatch, signal) {
      // The boot record is no record of the counter's.
      if (batch.kind !== 'events' || batch.source !== stream) return { is: 'accepted' }
      const lines = batch.records.map(({ number, id }) => `${number} ${id.slice('counter:'.length)}`)
      const { endpoint, outcome } = await http.exchange('POST', {}, Buffer.from(lines.join('\n')), signal)
      return { ...outcome, endpoint }
    },
    close: () => http.close(),
  }
}

async function main(): Promise<void> {
  const load = () => loadConfig({ file: config, env: {}, sources: [stream] })
  const agent = await startAgent(await load(), [counter], openLog('info'), {
    make: (name, sink, origin, clock) =>
      name === 'receiver' && sink.type === 'prometheus'
        ? toReceiver(httpSink(sink, clock))
        : protocols.make(name, sink, origin, clock),
    kinds: (name, sink) => (name === 'receiver' ? ['events'] : protocols.kinds(name, sink)),
  })
  mark('started')
  process.on('SIGTERM', () => void agent.stop().then(() => process.exit(0)))
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
