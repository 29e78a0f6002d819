import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { Registry } from 'prom-client'
import { driveInfo } from '../../../collectors/raid/metrics.ts'
import { EventTail } from '../../../src/event-tail.ts'
import { History } from '../../../src/history.ts'
import { startServer } from '../../../src/server/server.ts'
import { type Changes, fixedSamples, fixedStatus, offNodeSink } from './fixed-status.ts'

let browser: Browser

before(async () => {
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
})
after(() => browser.close())

/** Opens the page of a real server in Chromium and returns what `look` makes of it, and what the console said. */
async function open<T>(
  changes: Changes,
  look: (page: Page) => Promise<T>,
  options: { colorScheme?: 'light' | 'dark'; width?: number; script?: boolean } = {},
): Promise<{ seen: T; said: string[] }> {
  const server = await startServer({
    listen: '127.0.0.1:0',
    status: fixedStatus(changes),
    registry: new Registry(),
  })
  const page = await browser.newPage({
    colorScheme: options.colorScheme ?? 'light',
    javaScriptEnabled: options.script ?? true,
    viewport: { width: options.width ?? 1200, height: 900 },
  })
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(error.message))
  try {
    const response = await page.goto(`http://127.0.0.1:${server.port}/`)
    assert.equal(response?.status(), 200)
    return { seen: await look(page), said }
  } finally {
    await page.close()
    await server.close()
  }
}

/** The text of each row of the table that has this heading above its first column. */
async function rows(page: Page, heading: string): Promise<string[]> {
  const table = page
    .locator('table')
    .filter({ has: page.locator('thead th:first-child', { hasText: new RegExp(`^${heading}$`) }) })
  const texts = await table.locator('tbody tr').allInnerTexts()
  return texts.map((text) => text.replace(/\s+/g, ' ').trim())
}

test('page shows the node, zram, sinks, the ledger and the collectors, and Chromium finds no fault', async () => {
  const { seen, said } = await open({}, async (page) => ({
    title: await page.title(),
    facts: (await page.locator('.facts > div').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ')),
    notes: await page.locator('.note').allInnerTexts(),
    headline: await page.locator('#summary h2').textContent(),
    areas: (await page.locator('.areas > div').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ')),
    zram: await rows(page, 'Device'),
    sinks: await rows(page, 'Sink'),
    deliveries: await rows(page, 'Sink ← source'),
    sources: await rows(page, 'Source'),
    collectors: await rows(page, 'Collector'),
    background: await page.evaluate('getComputedStyle(document.body).backgroundColor'),
  }))
  assert.deepEqual(said, [])
  assert.equal(seen.title, 'oss-12.cluster · Remora')
  assert.deepEqual(seen.facts, [
    'Root zram, ext4, /dev/zram0, ephemeral',
    'Boot 7d3ec2c4-0f5a-4b0c-9f39-0a6c0f3b8e21',
    'Remora 0.1.0, running for 1 d 1 h',
  ])
  assert.equal(seen.headline, '6 things are wrong')
  assert.equal(seen.notes.length, 6)
  assert.equal(seen.notes[0], 'Spool: The ledger of source metrics is off by 1.')
  assert.match(
    seen.notes[2] ?? '',
    /^Data at risk: 1,234 records, 4,990 samples .* the oldest for 1 h 1 min\.$/,
  )
  assert.deepEqual(
    seen.areas.filter((area) => !area.startsWith('Data at risk')),
    [
      'Root ✓ well zram, ext4, /dev/zram0, ephemeral; zram0 97.0 % full by inodes',
      'Arrays – none here',
      'Drives – none here',
      'Controllers – none here',
      'Ports – none here',
      'Sinks ! look 1 up, 1 retrying',
      'Spool ✗ wrong 5.0 MiB of 64.0 MiB used',
      'Collectors ! look 1 ok, 1 failing, 1 waiting, 1 absent',
    ],
  )
  assert.deepEqual(seen.zram, [
    'zram0 root / zstd disksize 42.0 % mem_limit 87.5 % inodes 97.0 % 3.46 : 1 compr_data 3.21 : 1 mem_used',
    'zram1 swap lzo-rle disksize 1.2 %',
  ])
  assert.equal(seen.sinks.length, 2)
  assert.match(seen.sinks[0] ?? '', /^local up file, required, on this node 8 records none 2 records \d/)
  assert.match(
    seen.sinks[1] ?? '',
    /^prometheus retrying prometheus, required, off this node 4,900 samples oldest 3 min \d+ s 90 samples 2 samples 1 min \d+ s ago Cannot send to "http:\/\/receiver.example\/api\/v1\/write": <503> not now$/,
  )
  assert.deepEqual(seen.deliveries, [
    'local ← zram 1,200 1,190 8 0 2 ✓ adds up 2 optional',
    'local ← metrics 89,999 89,999 0 0 0 ✓ adds up',
    'prometheus ← metrics 89,999 85,000 4,900 90 2 ✗ off by 7 2 too_old',
  ])
  assert.deepEqual(seen.sources, [
    'zram 1,204 4 1,200 ✓ adds up 3 before_start',
    'metrics 90,000 0 89,999 ✗ off by 1',
  ])
  assert.deepEqual(seen.collectors, [
    'zram ok 0.8 s 2.1 ms 9 at each scrape',
    'root failing 1 min 15 s 1 at each scrape Cannot read "<mountinfo>": & so on',
    'host waiting 1 at each scrape',
    'raid absent 0 0 */5 * * * * no tool is installed',
  ])
  assert.equal(seen.background, 'rgb(246, 247, 249)')
})

test('page is dark where the reader prefers dark', async () => {
  const { seen } = await open(
    {},
    (page) => page.evaluate('getComputedStyle(document.body).backgroundColor'),
    { colorScheme: 'dark' },
  )
  assert.equal(seen, 'rgb(18, 22, 27)')
})

test('page fits a phone of 390 pixels and names each figure there', async () => {
  const { seen } = await open(
    {},
    async (page) => ({
      width: await page.evaluate('document.documentElement.scrollWidth'),
      label: await page.evaluate(
        `getComputedStyle(document.querySelector('td[data-label="Acknowledged"]'), '::before').content`,
      ),
    }),
    { width: 390 },
  )
  assert.equal(seen.width, 390)
  assert.equal(seen.label, '"Acknowledged"')
})

test('page says plainly when nothing leaves the node, and what readiness waits for', async () => {
  const local = { ...offNodeSink, name: 'local', offNode: false }
  const { seen } = await open({ sinks: [local], notReady: ['no collector has finished'] }, (page) =>
    page.locator('.note').allInnerTexts(),
  )
  const said = seen.filter((note) => /Not ready|Nothing leaves/.test(note))
  assert.deepEqual(said, [
    'Data at risk: Nothing leaves this node: no sink is on another machine (local is here). What is collected ends with this boot.',
    'Collectors: Not ready: no collector has finished.',
  ])
  const without = await open({ sinks: [] }, (page) => page.locator('.note').allInnerTexts())
  assert.match(without.seen[0] ?? '', /^Data at risk: Nothing leaves this node: no sink is configured\./)
})

test('page shows hostile values as text', async () => {
  const node = '<script>document.title="no"</script>"&\''
  const { seen, said } = await open({ node }, async (page) => ({
    heading: await page.locator('h1').textContent(),
    scripts: await page.locator('script:not([src])').count(),
    title: await page.title(),
  }))
  assert.deepEqual(said, [])
  assert.equal(seen.heading, node)
  assert.equal(seen.scripts, 0)
  assert.equal(seen.title, `${node} · Remora`)
})

test('page says the same without its script', async () => {
  const events = new EventTail(() => performance.now())
  const fields = [
    ['PRIORITY', '3'],
    ['MESSAGE', '<b>disk</b> is on fire'],
  ] as const
  events.take('kmsg', [
    {
      stream: 's',
      id: 's:1',
      time: 1_700_000_000_123_000_000n,
      observed: 0n,
      fields: fields.map(([name, value]) => [name, Buffer.from(value)]),
    },
  ])
  const look = async (page: Page) => ({
    headline: await page.locator('#summary h2').textContent(),
    notes: await page.locator('.note').allInnerTexts(),
    collectors: await rows(page, 'Collector'),
    events: await page.locator('#events li').allInnerTexts(),
  })
  const without = await open({ events }, look, { script: false })
  const { seen } = await open(
    { events },
    async (page) => {
      await page.waitForSelector('#live[data-live]')
      return look(page)
    },
    {},
  )
  assert.equal(without.seen.headline, '6 things are wrong')
  assert.deepEqual(without.seen, seen)
  assert.deepEqual(
    seen.events.map((text) => text.replace(/\s+/g, ' ')),
    ['22:13:20.123 err kmsg <b>disk</b> is on fire'],
  )
  const hidden = await open(
    {},
    async (page) => [await page.locator('#filter').isHidden(), await page.locator('#history').isHidden()],
    { script: false },
  )
  assert.deepEqual(hidden.seen, [true, true])
})

test('page leaves folded what the reader has folded, and the focus where it is', async () => {
  let drives = 2
  const drive = (slot: number) => ({
    metric: driveInfo,
    value: 1,
    labels: { vendor: 'broadcom', controller: '0', enclosure: '8', slot: String(slot), array: '' },
  })
  const samples = () => Promise.resolve(Array.from({ length: drives }, (_, slot) => drive(slot)))
  const { seen, said } = await open({ read: samples }, async (page) => {
    await page.waitForSelector('#live[data-live]')
    const open = () => page.locator('#hardware details').evaluate((element) => element.hasAttribute('open'))
    assert.equal(await open(), true)
    await page.locator('#hardware summary').click()
    assert.equal(await open(), false)
    drives = 3
    await page.locator('#hardware li li').nth(2).waitFor({ state: 'attached' })
    return { open: await open(), focus: await page.evaluate('document.activeElement.nodeName') }
  })
  assert.deepEqual(said, [])
  assert.deepEqual(seen, { open: false, focus: 'SUMMARY' })
})

test('page is never wider than the window, with everything in it', async () => {
  const history = new History()
  history.record(Date.now(), fixedSamples.zram ?? [])
  const widths: number[] = []
  for (const width of [320, 360, 820, 1024, 1440]) {
    const { seen } = await open(
      { history },
      async (page) => {
        await page.waitForSelector('#history canvas')
        return page.evaluate('document.documentElement.scrollWidth')
      },
      { width },
    )
    widths.push(Number(seen))
  }
  assert.deepEqual(widths, [320, 360, 820, 1024, 1440])
})
