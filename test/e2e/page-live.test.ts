/**
 * The live page of the shipped bundle in a real Chromium: a real zram device that fills up, a drive that fails behind a
 * stand-in storcli64, a sink that goes and comes back, an agent that is killed and started again, while one page stays
 * open and is never loaded again.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { type Browser, type Page, request } from 'playwright-core'
import { eventually, type RunningAgent, startAgent } from './agent.ts'
import { launch, listenTo, plain } from './chromium.ts'
import { type Scene, scene } from './page-scene.ts'

const axe = new URL('../../node_modules/axe-core/axe.min.js', import.meta.url)
const mostBytes = 150_000
/** Of a desk, a tablet and a phone. */
const widths = [1200, 768, 390]

/** The words of all such elements. */
async function text(page: Page, selector: string): Promise<string> {
  return plain((await page.locator(selector).allInnerTexts()).join(' '))
}

/** Waits until the text of an element says so. */
async function says(page: Page, selector: string, pattern: RegExp): Promise<string> {
  let last = ''
  return eventually(`${selector} says ${pattern}`, async () => {
    last = await text(page, selector)
    return pattern.test(last) && last
  }).catch((cause) => {
    throw new Error(`${cause}; it says "${last}"`, { cause })
  })
}

/** What axe-core finds against the page, each with what it is about. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(axe, 'utf8'))
  const found: unknown = await page.evaluate(
    `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`,
  )
  assert.ok(Array.isArray(found))
  return found.map(String)
}

async function fills(page: Page, set: Scene): Promise<void> {
  const bar = async () => {
    const rows = await page.locator('#zram tr', { hasText: set.zram.device }).allInnerTexts()
    return Number(/mem_limit ([\d.]+) %/.exec(plain(rows.join()))?.[1])
  }
  const before = await bar()
  await set.fill(20)
  await eventually('the page shows that the device fills up', async () => (await bar()) > before + 25)
  // And the chart's legend, at its next point.
  await says(page, '#history figcaption', /mem_limit (?:[3-9]\d|100)\.\d %.*held in memory [23]\d\.\d MiB/)
  assert.equal(await page.locator('#history canvas').count(), 3)
}

async function drivesFail(page: Page, set: Scene): Promise<void> {
  await set.drive('Offln', 'Dgrd')
  await says(page, '.problems', /Arrays: Array 0 raid6 on broadcom controller 0 is degraded \(Dgrd\)/)
  await says(page, '.areas', /Drives ✗ wrong 7 online, 1 failed, 1 unconfigured/)
  await says(page, '#hardware', /controller broadcom 0 optimal .* array 0 degraded .* drive 8:3 failed/)
  await says(page, '#events', /raid · raid\.drive Drive 8:3 .* is failed \(Offln\)/)
  await set.drive('Onln', 'Optl')
  await says(page, '.areas', /Arrays ✓ well 1 optimal/)
}

async function sinkGoesAndComes(page: Page, set: Scene): Promise<void> {
  set.receive('no')
  await says(page, '.problems', /Sinks: Sink metrics is retrying: .*the receiver is away/)
  await says(page, '#sinks', /metrics retrying .* [\d,]+ samples oldest/)
  set.receive('yes')
  await says(page, '#sinks', /metrics up prometheus, required, off this node/)
  await eventually('nothing is said of sinks', async () => {
    return !(await text(page, '#summary')).includes('Sink metrics')
  })
  await says(page, '#ledger', /metrics ← metrics [\d,]+ .* ✓ adds up/)
  assert.equal(await page.locator('#ledger .mark.bad').count(), 0)
}

async function filtersEvents(page: Page, set: Scene): Promise<void> {
  await set.write('a needle in a haystack', 'hay', '<b>no tag</b>')
  await says(page, '#events', /<b>no tag<\/b>/)
  await page.locator('#filter [name=text]').fill('NEEDLE')
  await says(page, '#events', /^\S+ files · \S+app\.log a needle in a haystack$/)
  await page.locator('#filter [name=text]').fill('')
  await page.locator('#filter [name=source]').selectOption('raid')
  await says(page, '#events', /^(?:(?!files).)*raid(?:(?!files).)*$/)
  await page.locator('#filter [name=priority]').selectOption('err')
  await says(page, '#events', /^(?:(?!info).)*error(?:(?!info).)*$/)
  await page.locator('#filter [name=source]').selectOption('')
  await page.locator('#filter [name=priority]').selectOption('')
  await page.locator('#filter [name=text]').fill('pause')
  await says(page, '#passed', /No events yet/)
  // By keyboard alone.
  await page.locator('#filter [name=text]').focus()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  assert.equal(await page.locator('#pause').getAttribute('aria-pressed'), 'true')
  await set.write('pause 1')
  await eventually('the agent has the line', async () => {
    const answer = await page.request.get(new URL('/api/v1/events?text=pause', page.url()).href)
    return (await answer.text()).includes('pause 1')
  })
  assert.equal(await text(page, '#events'), '')
  await page.keyboard.press('Space')
  await says(page, '#events', /pause 1$/)
}

async function weighs(url: string, page: Page): Promise<number> {
  const sources = await page.locator('script[src], link[href]:not([href^="data:"])').all()
  const paths = await Promise.all(
    sources.map(async (one) => (await one.getAttribute('src')) ?? (await one.getAttribute('href')) ?? ''),
  )
  assert.deepEqual(paths, ['/page.js'])
  const asking = await request.newContext()
  let bytes = 0
  for (const path of ['/', ...paths]) {
    const answer = await asking.get(`${url}${path}`, { headers: { 'Accept-Encoding': 'gzip' } })
    const { headers } = { headers: answer.headers() }
    assert.equal(headers['content-encoding'], 'gzip', path)
    bytes += Number(headers['content-length'])
  }
  await asking.dispose()
  return bytes
}

async function restarts(page: Page, set: Scene, agent: RunningAgent, start: () => Promise<RunningAgent>) {
  await agent.stop('SIGKILL')
  await says(page, '#live', /^No connection to the agent since /)
  const next = await start()
  await says(page, '#live', /^Live$/)
  await set.write('after the restart')
  await page.locator('#filter [name=text]').fill('')
  await says(page, '#events', /after the restart/)
  return next
}

test('page: lives through a filling zram device, a failed drive, a sink that is away and a killed agent', async (t) => {
  await using set = await scene(t)
  let agent = await startAgent(t, set.folder, { config: set.config })
  const { port, url } = agent
  const start = () => startAgent(t, set.folder, { config: set.config, port })
  const browser: Browser = await launch()
  try {
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
    const said = listenTo(page)
    const asked: string[] = []
    page.on('request', (one) => asked.push(one.url()))
    await page.goto(`${url}/`)
    await page.evaluate('document.body.dataset.same = "yes"')
    await says(page, '#live', /^Live$/)
    await says(page, '.areas', /Root ✓ well .* Arrays ✓ well 1 optimal .* Ports ✓ well 1 active, 1 disabled/)
    await says(page, '#hardware', /HCA mlx5_0 .* port 1 active InfiniBand, 200 Gbit\/s/)
    await says(page, '#collectors', /raid ok \d.* ms/)
    await drivesFail(page, set)
    await sinkGoesAndComes(page, set)
    await filtersEvents(page, set)
    await fills(page, set)
    assert.deepEqual(said, [])

    const bytes = await weighs(url, page)
    console.log(`page: ${(bytes / 1000).toFixed(1)} kB compressed in all`)
    assert.ok(bytes <= mostBytes, `${bytes} bytes`)

    // Something is wrong, so that this is looked at too.
    await set.drive('Offln', 'Dgrd')
    await says(page, '#summary h2', /wrong/)
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 })
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        assert.deepEqual(await violations(page), [], `${width} ${colorScheme}`)
      }
      const wide = await page.evaluate('document.documentElement.scrollWidth')
      assert.ok(Number(wide) <= width, `${wide} pixels in a window of ${width}`)
    }

    agent = await restarts(page, set, agent, start)
    assert.equal(await page.evaluate('document.body.dataset.same'), 'yes', 'it was never loaded again')
    assert.deepEqual(
      asked.filter((one) => !one.startsWith(`${url}/`)),
      [],
    )
    // While no agent was there, Chromium itself says so of each try.
    assert.deepEqual(
      said.filter(
        (words) =>
          !/ERR_(?:CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|CONNECTION_RESET|EMPTY_RESPONSE)/.test(
            words,
          ),
      ),
      [],
    )
    await page.close()
  } finally {
    await browser.close()
  }
  assert.equal((await agent.stop()).code, 0)
})
