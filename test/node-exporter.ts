/** The real node_exporter, scraped once: what it says of a tree, or of this machine. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { seriesKey } from '../src/model.ts'
import { freePort } from './prometheus-server.ts'

export interface Exported {
  readonly version: string | undefined
  /** Values by `seriesKey`. */
  readonly series: ReadonlyMap<string, number>
}

interface Where {
  /** A folder with `sys` and `proc`; default the machine itself. */
  readonly folder?: string
  /** More of its arguments. */
  readonly args?: readonly string[]
}

/** @param collectors its names of those that run */
export async function nodeExporter(
  collectors: readonly string[],
  { folder, args: more = [] }: Where = {},
): Promise<Exported> {
  const port = await freePort()
  const args = [
    `--web.listen-address=127.0.0.1:${port}`,
    '--collector.disable-defaults',
    ...collectors.map((name) => `--collector.${name}`),
    ...(folder === undefined ? [] : [`--path.sysfs=${folder}/sys`, `--path.procfs=${folder}/proc`]),
    ...more,
  ]
  const exporter = spawn('prometheus-node-exporter', args, { stdio: 'ignore' })
  try {
    const text = await scrape(exporter, port)
    const version = /node_exporter_build_info\{.*version="([^"]+)"/.exec(text)?.[1]
    return { version, series: parse(text) }
  } finally {
    exporter.kill()
    if (exporter.exitCode === null && exporter.signalCode === null) await once(exporter, 'exit')
  }
}

async function scrape(exporter: ChildProcess, port: number): Promise<string> {
  for (let tries = 0; tries < 400 && exporter.exitCode === null; tries++) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    } catch {
      await sleep(50)
    }
  }
  throw new Error(`Cannot scrape node_exporter on port ${port}: exit code ${exporter.exitCode}`)
}

/** Exposition labels are quoted as JSON is. */
function parse(text: string): Map<string, number> {
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (!match) continue
    const labels: Record<string, string> = {}
    for (const [, label, value] of (match[2] ?? '').matchAll(/(\w+)=("(?:[^"\\]|\\.)*")/g))
      labels[label ?? ''] = String(JSON.parse(value ?? '""'))
    values.set(seriesKey(match[1] ?? '', labels), Number(match[3]))
  }
  return values
}
