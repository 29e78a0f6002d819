import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAgentMetrics } from '../../src/agent-metrics.ts'
import { systemClock } from '../../src/clock.ts'
import { ConfigError } from '../../src/errors.ts'
import type { Protocols } from '../../src/forwarders/all.ts'
import { silentLog } from '../../src/log.ts'
import { sink as sinkSchema } from '../../src/sink-schemas.ts'
import { Sinks } from '../../src/sinks.ts'
import { mostSinks } from '../../src/spool/schema.ts'
import { batch, folder, open, options, sink } from './spool/spool.ts'

test('sinks that the spool refuses to route leave those before them at work', async (t) => {
  const spool = await open(t, options(await folder(t)), [])
  for (let one = 1; one < mostSinks; one++) await spool.route([sink(`sink-${one}`)])
  let sent = 0
  const protocols: Protocols = {
    kinds: () => ['events', 'samples'],
    make: () => ({
      kinds: ['events', 'samples'],
      send: async ({ count }) => {
        sent += count
        return { is: 'accepted' }
      },
      close: async () => undefined,
    }),
  }
  const sinks = new Sinks({
    spool,
    origin: { node: 'n', bootId: 'b', ledger: spool.ledger },
    clock: systemClock,
    log: silentLog,
    metrics: createAgentMetrics(silentLog),
    protocols,
  })
  t.after(() => sinks.stop())
  const config = (path: string) => sinkSchema.parse({ type: 'file', path })
  await sinks.configure({ stays: config('/one') })
  await assert.rejects(sinks.configure({ stays: config('/two'), another: config('/three') }), ConfigError)
  assert.deepEqual(
    sinks.status().map(({ name }) => name),
    ['stays'],
  )
  await spool.commit('kmsg', batch(0, 10))
  assert.ok(await sinks.drain(AbortSignal.timeout(5000)))
  assert.equal(sent, 10)
})
