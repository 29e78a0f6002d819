/**
 * Screenshots of the page for docs/screenshots/: both themes at three widths, of the shipped bundle with a real zram
 * device that fills up, a drive that is rebuilt and a sink that is away. `npm run screenshots`; about 2 minutes.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startAgent } from './agent.ts'
import { launch } from './chromium.ts'
import { scene } from './page-scene.ts'
import { smaller } from './png.ts'

const folder = join(import.meta.dirname, '../../docs/screenshots')
const widths = [360, 820, 1440] as const
const steps = 6

test('screenshots', { timeout: 300_000 }, async (t) => {
  await using set = await scene(t)
  await set.fill(12, 0.3)
  const agent = await startAgent(t, set.folder, { config: set.config })
  await set.drive('Offln', 'Dgrd')
  await set.write('app[311]: started', 'app[311]: 40 clients connected')
  for (let step = 0; step < steps; step++) {
    // What can be compressed gives way to what cannot.
    await set.fill(14, 0.3 + step / 20)
    await set.write(`app[311]: wrote segment ${step + 1} of ${steps}`)
    await sleep(15_000)
  }
  await set.drive('Rbld', 'Dgrd')
  set.receive('no')
  await sleep(4000)
  await mkdir(folder, { recursive: true })
  const browser = await launch()
  try {
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of widths) {
        const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } })
        await page.goto(`${agent.url}/`)
        await page.waitForSelector('#live[data-live]')
        await page.waitForSelector('#history:not([hidden]) canvas')
        const image = smaller(await page.screenshot({ fullPage: true }))
        await writeFile(join(folder, `page-${colorScheme}-${width}.png`), image)
        console.log(`page-${colorScheme}-${width}.png: ${(image.length / 1000).toFixed(0)} kB`)
        await page.close()
      }
  } finally {
    await browser.close()
  }
})
