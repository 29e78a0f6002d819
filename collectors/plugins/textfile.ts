/**
 * textfile: folders of `.prom` files, as node_exporter's textfile collector reads them. A file that cannot be taken is
 * named and counted, and nothing of it is shown; a script writes beside and renames.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { describe, ParseError } from '../../src/errors.ts'
import { deFacto, withOptions } from '../../src/model.ts'
import { Claims } from './claims.ts'
import { parseFrame } from './format.ts'
import { checked, samplesOf } from './frame.ts'

const scrapeError = deFacto(
  'node_textfile_scrape_error',
  'gauge',
  'none',
  'the folders',
  '1 if there was an error opening or reading a file, 0 otherwise.',
)
const modified = deFacto(
  'node_textfile_mtime_seconds',
  'gauge',
  'timestamp_seconds',
  'the folders',
  'Unix time of the last change of each file that was read.',
  ['file'],
)

const mostFileBytes = 16 << 20

const options = z.strictObject({
  folders: z
    .array(z.string().startsWith('/').meta({ expected: 'an absolute path' }))
    .default(['/var/lib/prometheus/node-exporter', '/var/lib/node_exporter/textfile_collector'])
    .describe('Folders whose files `*.prom` are read at every scrape.'),
  max_age_seconds: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'A file that was not written to for so long is not shown, and is an error; 0: it is, however old.',
    ),
  max_series: z.int().min(1).max(50_000).default(10_000).describe('A file of more series is refused.'),
})

/** @param declared names of metrics that files may not use */
export function textfile(declared: ReadonlySet<string>) {
  return withOptions({
    name: 'textfile',
    metrics: [scrapeError, modified],
    open: true,
    options,
    async probe({ host, options: { folders } }) {
      for (const folder of folders) if (await isFolder(host.resolve(folder))) return { here: true }
      return { here: false, why: `no folder ${folders.join(', ') || 'is named'}` }
    },
    async *collect({ host, options: { folders, max_age_seconds, max_series }, skip }) {
      let failed = false
      const fail = (path: string, error: unknown) => {
        failed = true
        skip(new ParseError(`Cannot read "${path}": ${describe(error)}`, { cause: error }))
      }
      const claims = new Claims()
      for (const folder of folders) {
        const names = await namesIn(host.resolve(folder)).catch((error: unknown) => {
          fail(folder, error)
          return []
        })
        for (const name of names) {
          const path = join(folder, name)
          try {
            const { size, mtimeMs } = await stat(host.resolve(path))
            if (size > mostFileBytes) throw new ParseError(`it has ${size} bytes, more than ${mostFileBytes}`)
            const old = (Date.now() - mtimeMs) / 1000
            if (max_age_seconds > 0 && old > max_age_seconds)
              throw new ParseError(
                `it was last written to ${Math.round(old)} s ago, more than ${max_age_seconds}`,
              )
            const text = await readFile(host.resolve(path))
            const families = checked(parseFrame(text, 'prometheus'), 'it', {
              mostSeries: max_series,
              declared,
            })
            claims.add(families, path)
            yield { metric: modified, value: mtimeMs / 1000, labels: { file: path } }
            yield* samplesOf(
              // As node_exporter words it where the file has none.
              families.map((family) => ({ ...family, help: family.help || `Metric read from ${path}` })),
              path,
            )
          } catch (error) {
            fail(path, error)
          }
        }
      }
      yield { metric: scrapeError, value: Number(failed), labels: {} }
    },
  })
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}

/** @returns none where there is no such folder @throws the system error if it cannot be listed */
async function namesIn(folder: string): Promise<string[]> {
  if (!(await isFolder(folder))) return []
  return (await readdir(folder)).filter((name) => name.endsWith('.prom')).sort()
}
