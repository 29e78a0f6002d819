import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { agentMetrics, createAgentMetrics } from '../../src/agent-metrics.ts'
import { openLog, silentLog } from '../../src/log.ts'
import { version } from '../../src/version.ts'
import { own } from './engine.ts'

test('agent metrics are all declared, and all that is declared is in the registry', async () => {
  const { registry } = createAgentMetrics(silentLog)
  const found = await registry.getMetricsAsJSON()
  assert.deepEqual(
    found.map(({ name, type }) => `${name} ${type}`).sort(),
    agentMetrics.map(({ name, type }) => `${name} ${type}`).sort(),
  )
  assert.equal(agentMetrics.length, 25)
})

test('agent metrics agree with /proc/self at an update', async () => {
  const metrics = createAgentMetrics(silentLog)
  metrics.update()
  const status = readFileSync('/proc/self/status', 'utf8')
  const resident = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
  const told = (await own(metrics, 'process_resident_memory_bytes')) ?? 0
  assert.ok(Math.abs(told - resident) < 16 << 20, `${told} and ${resident}`)
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  assert.equal(await own(metrics, 'process_max_fds'), Number(limit))
  assert.ok(((await own(metrics, 'process_open_fds')) ?? 0) > 3)
  const before = (await own(metrics, 'process_cpu_seconds_total')) ?? 0
  for (const end = performance.now() + 50; performance.now() < end; );
  metrics.update()
  const used = ((await own(metrics, 'process_cpu_seconds_total')) ?? 0) - before
  assert.ok(used > 0.01 && used < 5, `${used} s`)
  const started = (await own(metrics, 'process_start_time_seconds')) ?? 0
  assert.ok(Math.abs(Date.now() / 1000 - process.uptime() - started) < 2)
  const labels = { version, nodejs: process.versions.node }
  assert.equal(await own(metrics, 'remora_build_info', labels), 1)
})

test('agent metrics count the lines that the log held back', async () => {
  const log = openLog('info', { write: () => undefined })
  const metrics = createAgentMetrics(log)
  for (let line = 0; line < 13; line++) log.info('storm', 'line')
  metrics.update()
  metrics.update()
  assert.equal(await own(metrics, 'remora_log_suppressed_total'), 3)
})
