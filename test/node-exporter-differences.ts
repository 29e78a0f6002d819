/** docs/node-exporter-differences.md, whose tables are what the tests beside the real node_exporter accept. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Difference {
  /** A series, or `node_md_*` when their collector fails. */
  readonly series: string
  /** `fixtures/md/linux-6.1` or `captures/mdraid/mdstat/failed.txt`. */
  readonly tree: string
  readonly theirs: string
  readonly ours: string
}

const page = join(import.meta.dirname, '../docs/node-exporter-differences.md')

/** The rows of the first table. */
export async function listedDifferences(): Promise<Difference[]> {
  const rows = (await readFile(page, 'utf8')).matchAll(
    /^\| `([^`]+)` +\| `([^`]+)` +\| (.+?) +\| (.+?) +\| \S.*\|$/gm,
  )
  return [...rows].map(([, series = '', tree = '', theirs = '', ours = '']) => ({
    series,
    tree,
    theirs,
    ours,
  }))
}

/** The rows of the second: names with that beginning that Debian's node_exporter lacks. */
export async function newerNames(prefix: string): Promise<string[]> {
  const rows = (await readFile(page, 'utf8')).matchAll(/^\| `(\w+)` +\| \S.*\|$/gm)
  return [...rows].map(([, name = '']) => name).filter((name) => name.startsWith(prefix))
}
