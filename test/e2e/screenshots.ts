/**
 * Screenshots of the page for docs/screenshots/: both themes at three widths, of the bundle on a node with everything
 * in it, a real zram device that fills up, a sink that is away. Run by `npm run screenshots`; needs root.
 */
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually, startAgent, workFolder } from './agent.ts'
import { launch } from './chromium.ts'
import { fullNode } from './full-node.ts'

const folder = join(import.meta.dirname, '../../docs/screenshots')
const widths = [360, 820, 1440] as const

test('screenshots', { timeout: 300_000 }, async (t) => {
  const cwd = await workFolder(t)
  const paths = await fullNode(t)
  const log = join(cwd, 'demo.log')
  await writeFile(log, '')
  const receiver = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(503).end('not now'))
  }).listen(0, '127.0.0.1')
  t.after(() => receiver.close())
  await eventually('the receiver listens', () => receiver.listening)
  const address = receiver.address()
  const port = typeof address === 'object' ? address?.port : 0
  const agent = await startAgent(t, cwd, {
    config: {
      node: { name: 'oss-12.cluster.example' },
      paths,
      push: { schedule: '* * * * * *' },
      sinks: {
        metrics: { type: 'prometheus', url: `http://127.0.0.1:${port}/api/v1/write` },
        archive: { type: 'file', path: join(cwd, 'out'), off_node: true },
      },
      collectors: { journald: { enabled: false }, kmsg: { enabled: false }, inventory: { enabled: false } },
    },
  })
  await eventually(
    'events and history are there',
    async () => {
      const text = await (await fetch(`${agent.url}/api/v1/history`)).text()
      return (text.match(/\b\d{13}\b/g) ?? []).length > 2
    },
    90_000,
  )
  await mkdir(folder, { recursive: true })
  const browser = await launch()
  try {
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of widths) {
        const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } })
        await page.goto(`${agent.url}/`)
        await page.waitForSelector('#live[data-live]')
        await page.waitForSelector('#history:not([hidden]) canvas')
        const path = join(folder, `page-${colorScheme}-${width}.png`)
        await page.screenshot({ path, fullPage: true })
        console.log(path, (await stat(path)).size)
        await page.close()
      }
  } finally {
    await browser.close()
  }
})
