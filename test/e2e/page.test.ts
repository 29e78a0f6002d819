/** What the running bundle serves, in a real Chromium and before a real promtool. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { chromium, type Page } from 'playwright-core'
import { eventually, startAgent, valueIn, workFolder } from './agent.ts'
import { fullNode } from './full-node.ts'
import { stillNode } from './still-tree.ts'

const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The text of each row of the table that has this heading above its first column. */
async function rows(page: Page, heading: string): Promise<string[]> {
  const table = page
    .locator('table')
    .filter({ has: page.locator('thead th:first-child', { hasText: new RegExp(`^${heading}$`) }) })
  const texts = await table.locator('tbody tr').allInnerTexts()
  return texts.map((text) => text.replace(/\s+/g, ' ').trim())
}

suite('page', () => {
  test('page of a running agent shows its zram, collectors, sink and a ledger that adds up', async (t) => {
    const cwd = await workFolder(t)
    await using still = await stillNode(2)
    const agent = await startAgent(t, cwd, {
      config: { node: { name: 'shown-1' }, paths: still.paths, push: { schedule: '* * * * * *' } },
    })
    await eventually('something is acknowledged', async () => {
      const page = await agent.scrape()
      return (valueIn(page, 'remora_samples_acknowledged_total', { sink: 'local' }) ?? 0) > 0
    })
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: chromiumArguments })
    try {
      const page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
      const said: string[] = []
      page.on('console', (message) => said.push(message.text()))
      page.on('pageerror', (error) => said.push(error.message))
      const response = await page.goto(`${agent.url}/`)
      assert.equal(response?.status(), 200)
      assert.equal(await page.title(), 'shown-1 · Remora')
      assert.match(
        (await page.locator('.note').allInnerTexts()).join(),
        /Nothing leaves this node: .*\(local is here\)/,
      )
      const zram = await rows(page, 'Device')
      assert.deepEqual(
        zram.map((row) => row.split(' ')[0]),
        ['zram0', 'zram1', 'zram10', 'zram11', 'zram2'],
      )
      const collectors = await rows(page, 'Collector')
      const states = collectors.map((row) => row.split(' ').slice(0, 2).join(' '))
      for (const state of ['zram ok', 'root ok', 'host ok', 'inventory ok', 'kmsg absent', 'journald absent'])
        assert.ok(states.includes(state), `${state} in ${states.join()}`)
      const sinks = await rows(page, 'Sink')
      assert.equal(sinks.length, 1)
      assert.match(sinks[0] ?? '', /^local up file, required, on this node/)
      const deliveries = await rows(page, 'Sink ← source')
      assert.ok(
        deliveries.some((row) => /^local ← metrics [\d,]+ .*✓ adds up$/.test(row)),
        deliveries.join('\n'),
      )
      const sources = await rows(page, 'Source')
      assert.ok(
        sources.some((row) => /^metrics [\d,]+ .*✓ adds up$/.test(row)),
        sources.join('\n'),
      )
      assert.ok([...deliveries, ...sources].every((row) => !row.includes('✗')))
      assert.deepEqual(said, [])
    } finally {
      await browser.close()
    }
    assert.equal((await agent.stop()).code, 0)
  })

  test('metrics of running agents give promtool no more to find fault with than docs/metrics-lint.md lists', async (t) => {
    const listed = await listedFaults()
    assert.ok(listed.size >= 10, `${listed.size} rows`)
    await using still = await stillNode(1)
    for (const paths of [undefined, still.paths]) {
      const cwd = await workFolder(t)
      const agent = await startAgent(t, cwd, {
        config: {
          push: { schedule: '* * * * * *' },
          ...(paths && { paths }),
          sinks: {
            local: { type: 'file', path: join(cwd, 'out') },
            prom: { type: 'prometheus', url: 'http://127.0.0.1:9/write' },
          },
        },
      })
      await eventually('something is acknowledged', async () => {
        const page = await agent.scrape()
        return (valueIn(page, 'remora_samples_acknowledged_total', { sink: 'local' }) ?? 0) > 0
      })
      const text = await (await fetch(`${agent.url}/metrics`)).text()
      const found = faults(text)
      assert.deepEqual(
        found.filter((line) => !listed.has(line)),
        [],
      )
      assert.ok(found.length >= 10, 'promtool has read it')
      console.log(
        `promtool: ${text.match(/^# TYPE/gm)?.length} metrics of a running agent, ${found.length} listed findings`,
      )
      // It reads what is unmounted next.
      await agent.stop()
    }
  })

  test('metrics of a node with everything in it are all declared, and promtool finds what the list says alone', async (t) => {
    const cwd = await workFolder(t)
    const paths = await fullNode(t)
    const off = ['journald', 'kmsg', 'inventory'].map((name) => [name, { enabled: false }])
    const agent = await startAgent(t, cwd, {
      config: {
        paths,
        sinks: { local: { type: 'file', path: join(cwd, 'out') } },
        collectors: Object.fromEntries(off),
      },
    })
    const here = [
      'zram',
      'host',
      'raid',
      'md',
      'sas',
      'fibrechannel',
      'infiniband',
      'edac',
      'smartctl',
      'nvme',
      'nvmecli',
    ]
    await eventually('every collector has been read', async () => {
      const page = await agent.scrape()
      return here.every((collector) => valueIn(page, 'remora_collector_success', { collector }) === 1)
    })
    const page = await agent.scrape()
    const dropped = page.samples.filter(
      ({ name, value }) => name === 'remora_collector_dropped_samples_total' && value > 0,
    )
    assert.deepEqual(dropped, [])
    const text = await (await fetch(`${agent.url}/metrics`)).text()
    const found = faults(text)
    const listed = await listedFaults()
    assert.deepEqual(
      found.filter((line) => !listed.has(line)),
      [],
    )
    const families = text.match(/^# TYPE/gm)?.length ?? 0
    assert.ok(families >= 300, `${families} families`)
    for (const name of [
      'megaraid_',
      'tw_cli_',
      'raid_',
      'smartctl_',
      'nvme_',
      'node_md_',
      'node_sas_phy_',
      'node_fibrechannel_',
    ])
      assert.ok(text.includes(`\n# TYPE ${name}`), name)
    console.log(
      `promtool: ${families} metrics of a node with everything in it, ${found.length} listed findings`,
    )
  })
})

/** What promtool says of a page, line by line. */
function faults(text: string): string[] {
  const { stderr, error } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
  if (error) throw error
  return stderr.split('\n').filter((line) => line !== '')
}

async function listedFaults(): Promise<Set<string>> {
  const list = await readFile(join(import.meta.dirname, '../../docs/metrics-lint.md'), 'utf8')
  const rows = list.matchAll(/^\| `(\w+)` +\| (.+?) +\|/gm)
  return new Set([...rows].map(([, name, words]) => `${name} ${words}`))
}
