/**
 * Writes the generated documents: the catalogues of metrics and of events (for readers and for machines), the configuration
 * reference and the command line. With --check it writes nothing and fails, naming the first stale file.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cliPage } from './cli-page.ts'
import { configurationPage } from './configuration-page.ts'
import { eventsJson, eventsPage } from './events-page.ts'
import { metricsJson, metricsPage } from './metrics-page.ts'
import { raidWordsPage } from './raid-words-page.ts'

const pages = {
  'metrics.md': metricsPage,
  'metrics.json': metricsJson,
  'events.md': eventsPage,
  'events.json': eventsJson,
  'cli.md': cliPage,
  'configuration.md': configurationPage,
  'raid-words.md': raidWordsPage,
}

for (const [name, draw] of Object.entries(pages)) {
  const path = join(import.meta.dirname, name)
  const text = draw()
  if (!process.argv.includes('--check')) await writeFile(path, text)
  else if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
    console.error(`docs/${name} is stale: run npm run generate`)
    process.exit(1)
  }
}
