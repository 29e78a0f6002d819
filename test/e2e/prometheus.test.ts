/** A real Prometheus scrapes the agent and takes its remote write: both ways say the same, and an outage leaves no gap. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { seriesKey } from '../../src/model.ts'
import { openSpool } from '../../src/spool/open.ts'
import type { SinkCounts } from '../../src/spool/spool.ts'
import { freePort, type PrometheusServer, type Series, startPrometheus } from '../prometheus-server.ts'
import { options, sink } from '../src/spool/spool.ts'
import { eventually, remora, startAgent, valueIn, workFolder } from './agent.ts'
import { stillNode } from './still-tree.ts'

/** What time itself, or the carrying of samples, changes between a scrape and a push: only the set is compared. */
const changing = new Set([
  'node_time_seconds',
  'process_cpu_seconds_total',
  'process_open_fds',
  'process_resident_memory_bytes',
  'remora_at_risk_age_seconds',
  'remora_at_risk_bytes',
  'remora_at_risk_samples',
  'remora_collector_age_seconds',
  'remora_collector_duration_seconds',
  'remora_collector_last_success_timestamp_seconds',
  'remora_samples_acknowledged_total',
  'remora_samples_held',
  'remora_samples_read_total',
  'remora_samples_routed_total',
  'remora_samples_spooled_total',
  'remora_sink_lag_seconds',
  'remora_sink_send_seconds_total',
  'remora_sink_sends_total',
  'remora_spool_batches',
  'remora_spool_used_bytes',
])

/** What Prometheus says of its own scraping. */
const ofScraping = /^(up|scrape_\w+)$/

const node = 'still-1'

const scraping = (port: number) => `
scrape_configs:
  - job_name: scrape
    scrape_interval: 1s
    static_configs: [{ targets: ["127.0.0.1:${port}"], labels: { instance: ${node} } }]
  - job_name: itself
    scrape_interval: 1s
    static_configs: [{ targets: ["127.0.0.1:PORT"] }]
`

const pushing = (server: PrometheusServer, more: object = {}) => ({
  node: { name: node },
  push: { schedule: '*/2 * * * * *' },
  sinks: {
    prom: { type: 'prometheus', url: server.writeUrl, retry: { first_seconds: 0.2, most_seconds: 1 } },
  },
  ...more,
})

/** Both jobs at one moment, by series without the job. */
async function bothJobs(server: PrometheusServer) {
  const seconds = Date.now() / 1000
  const [scraped, pushed] = await Promise.all(
    ['scrape', 'remora'].map(async (job) => bySeries(await server.query(`{job="${job}"}`, seconds))),
  )
  assert.ok(scraped && pushed)
  const only = (of: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>) =>
    [...of.keys()].filter((series) => !other.has(series))
  return { scraped, pushed, onlyScraped: only(scraped, pushed), onlyPushed: only(pushed, scraped) }
}

function bySeries(found: readonly Series[]): Map<string, string> {
  const values = new Map<string, string>()
  for (const { metric, values: points } of found) {
    const { __name__: name = '', job: _, ...labels } = metric
    const key = seriesKey(name, labels)
    assert.ok(!values.has(key), `${key} is there once`)
    if (!ofScraping.test(name)) values.set(key, points[0]?.[1] ?? 'nothing')
  }
  return values
}

const nameOf = (series: string) => series.replace(/\{.*/s, '')

/** Waits until both jobs have the same series: one `with` these words, none `without` those. A single look may fall between a scrape and a push. */
async function sameSeries(
  server: PrometheusServer,
  least: number,
  words: { readonly with?: string; readonly without?: string } = {},
) {
  let last: Awaited<ReturnType<typeof bothJobs>> | undefined
  const same = async () => {
    last = await bothJobs(server)
    const { scraped, onlyScraped, onlyPushed } = last
    const some = (word: string) => [...scraped.keys()].some((series) => series.includes(word))
    const there = words.with === undefined || some(words.with)
    const gone = words.without === undefined || !some(words.without)
    const alike = onlyScraped.length + onlyPushed.length === 0
    return there && gone && alike && scraped.size >= least ? last : undefined
  }
  await eventually('both jobs have the same series', same).catch((cause) => {
    throw new Error(`Only scraped: ${last?.onlyScraped}. Only pushed: ${last?.onlyPushed}`, { cause })
  })
  assert.ok(last)
  return last
}

suite('prometheus', { concurrency: 3 }, () => {
  test('prometheus has the same values of a still node by scrape and by push, slow collectors included', async (t) => {
    const folder = await workFolder(t)
    await using still = await stillNode(8)
    const port = await freePort()
    await using server = await startPrometheus(scraping(port))
    const agent = await startAgent(t, folder, { port, config: pushing(server, { paths: still.paths }) })

    const { scraped, pushed } = await sameSeries(server, 200, { with: 'node_inventory_' })
    const names = new Set([...scraped.keys()].map(nameOf))
    const differing = [...scraped].filter(
      ([series, value]) => pushed.get(series) !== value && !changing.has(nameOf(series)),
    )
    assert.deepEqual(
      differing.map(([series, value]) => `${series} ${value} ${pushed.get(series)}`),
      [],
    )
    const compared = [...scraped.keys()].filter((series) => !changing.has(nameOf(series)))
    assert.ok(compared.length >= 200, `${compared.length} series compared by value`)
    assert.deepEqual(
      [...changing].filter((name) => !names.has(name)),
      [],
      'the list names nothing that is not there',
    )
    console.log(
      `scrape and push: ${scraped.size} series the same, ${compared.length} by value, ${names.size} metrics`,
    )

    // What ends, ends on both sides at once, not after Prometheus' five minutes.
    await rm(join(still.paths.sys, 'block/zram12'), { recursive: true })
    const { scraped: fewer } = await sameSeries(server, 180, { without: 'device="zram12"' })
    const gone = [...scraped.keys()].filter((series) => !fewer.has(series))
    assert.ok(gone.length >= 15, `${gone.length} series have ended`)
    assert.ok(
      gone.every((series) => series.includes('zram12')),
      gone.join(),
    )

    const { code } = await agent.stop()
    assert.equal(code, 0)
  })

  test('prometheus has the same series of the living machine by scrape and by push', async (t) => {
    const folder = await workFolder(t)
    const port = await freePort()
    await using server = await startPrometheus(scraping(port))
    // What other tests mount comes and goes too fast for two looks to be alike.
    const collectors = { root: { options: { mount_points_exclude: '^/(dev|proc|sys|tmp)($|/)' } } }
    await startAgent(t, folder, { port, config: pushing(server, { collectors }) })
    const { scraped } = await sameSeries(server, 100)
    console.log(`scrape and push: ${scraped.size} series the same on the living machine`)
  })

  test('prometheus gets every collection after it was away, in order, none twice, none missing', async (t) => {
    const folder = await workFolder(t)
    await using still = await stillNode(1)
    await using server = await startPrometheus()
    const agent = await startAgent(t, folder, { config: pushing(server, { paths: still.paths }) })
    const acknowledged = async () =>
      valueIn(await agent.scrape(), 'remora_samples_acknowledged_total', { sink: 'prom' }) ?? 0
    await eventually('the first is there', async () => (await acknowledged()) > 0)
    await sleep(3000)

    await server.stop()
    await agent.logged(/^Sink prom is retrying/)
    const before = await acknowledged()
    await sleep(9000)
    assert.equal(await acknowledged(), before)
    assert.ok((valueIn(await agent.scrape(), 'remora_samples_held', { sink: 'prom' }) ?? 0) > 300)
    await server.start()
    await agent.logged(/^Sink prom is up again/)
    await sleep(3000)

    const skipped = valueIn(await agent.scrape(), 'remora_pushes_skipped_total', {}) ?? 0
    const { code } = await agent.stop()
    assert.equal(code, 0)
    const { stdout } = await remora(
      t,
      ['--config', join(folder, 'remora.yaml'), 'spool', 'state', '--json'],
      {
        cwd: folder,
      },
    )
    const state: { sinks: { prom: { metrics: SinkCounts } } } = JSON.parse(stdout)
    const { routed, acknowledged: taken, held, quarantined, lost } = state.sinks.prom.metrics
    assert.deepEqual({ held, quarantined, lost }, { held: 0, quarantined: 0, lost: {} })
    assert.equal(taken, routed)

    const stored = await server.samples('{job="remora"}', '1h')
    assert.equal(
      stored.reduce((total, { values }) => total + values.length, 0),
      taken,
    )
    const [info, ...others] = await server.samples('remora_build_info{job="remora"}', '1h')
    assert.equal(others.length, 0)
    const times = info?.values.map(([seconds]) => seconds) ?? []
    // Prometheus itself keeps one sample a time, in order; so the slots tell whether one is missing.
    const slots = times.map((seconds) => Math.floor(seconds / 2))
    const gaps = slots.slice(1).map((slot, index) => slot - (slots[index] ?? slot) - 1)
    assert.ok(
      gaps.every((gap) => gap >= 0),
      `in order, none twice: ${slots}`,
    )
    // A machine too slow for a push every two seconds skips some, and says how many.
    const missing = gaps.reduce((sum, gap) => sum + gap, 0)
    assert.ok(missing <= skipped, `${missing} missing, ${skipped} skipped: ${slots}`)
    assert.ok(times.length >= 8, `${times.length} collections`)
    console.log(`outage: ${times.length} collections, ${taken} samples, each once; ${skipped} skipped`)
  })

  test('prometheus refuses what is too old, which the ledger counts as lost, and takes what comes after', async (t) => {
    const folder = await workFolder(t)
    await using still = await stillNode(1)
    const port = await freePort()
    await using server = await startPrometheus(scraping(port))
    await eventually('Prometheus has samples', async () => (await server.query('{job="itself"}')).length > 0)
    {
      await using spool = await openSpool({ ...options(join(folder, 'spool')), clock: systemClock }, [
        sink('prom', { kinds: ['samples'] }),
      ])
      const old = Array.from({ length: 7 }, (_, index) => ({
        name: 'remora_test_old',
        labels: { index: String(index) },
        value: index,
        stale: false,
      }))
      await spool.commitSamples(Date.now() - 3 * 3_600_000, old)
    }
    const config = pushing(server, { paths: still.paths, spool: { path: join(folder, 'spool') } })
    const agent = await startAgent(t, folder, { port, config })
    const page = await eventually('something newer is acknowledged', async () => {
      const scraped = await agent.scrape()
      return (valueIn(scraped, 'remora_samples_acknowledged_total', { sink: 'prom' }) ?? 0) > 0 && scraped
    })
    assert.equal(valueIn(page, 'remora_samples_lost_total', { sink: 'prom', reason: 'too_old' }), 7)
    assert.equal(valueIn(page, 'remora_samples_quarantined', { sink: 'prom' }), 0)
    assert.equal((await server.query('remora_test_old')).length, 0)
    await agent.stop()
  })
})
