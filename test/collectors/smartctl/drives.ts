/** Drives for tests: fixtures, and a folder in which a stand-in replays them as smartctl or nvme. */
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Device, parseReport, type Report } from '../../../collectors/smartctl/report.ts'
import { samplesOf } from '../../../collectors/smartctl/samples.ts'
import { seriesKey } from '../../../src/model.ts'

const standIn = join(import.meta.dirname, '../../bin/drives-tool')
export const fixtures = join(import.meta.dirname, '../../fixtures')
export const fixture = (name: string) => join(fixtures, 'smartctl/smartctl-7.3', name)

export const sda: Device = { name: '/dev/sda', type: 'auto' }

/** @returns the report of a file, and its samples by `name{label="value"}` */
export async function reportOf(
  path: string,
  device = sda,
): Promise<{ report: Report; series: Map<string, number> }> {
  const report = parseReport(device, await readFile(path), 0)
  const series = new Map<string, number>()
  for (const { metric, value, labels } of samplesOf(report)) {
    const key = seriesKey(metric.name, labels)
    if (series.has(key)) throw new Error(`${path} gives ${key} twice`)
    series.set(key, value)
  }
  return { report, series }
}

/** What one key prints, how it ends, and how it misbehaves (test/bin/drives-tool). */
export interface Replay {
  /** A file, or the text itself. */
  readonly file?: string
  readonly text?: string
  readonly exit?: number
  readonly mode?: 'hang' | 'slow' | 'flood' | 'die' | 'banner' | 'litter' | ''
}

export interface Drives {
  /** For `contextOf`. */
  readonly path: string
  /** A machine's folder, with `sys` in it. */
  readonly folder: string
  set(key: string, replay: Replay): Promise<void>
  /** Every call so far: the tool and its arguments. */
  calls(): Promise<string[]>
}

/** A folder with the tools in it, removed after the test. */
export async function drives(
  t: TestContext,
  replays: Readonly<Record<string, Replay>>,
  tools = ['smartctl', 'nvme'],
): Promise<Drives> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-drives-'))
  t.after(() => rm(folder, { recursive: true }))
  const bin = join(folder, 'bin')
  await mkdir(bin)
  for (const tool of tools) await symlink(standIn, join(bin, tool))
  const set = async (key: string, { file, text, exit = 0, mode = '' }: Replay) => {
    if (file !== undefined) await copyFile(file, join(bin, key))
    if (text !== undefined) await writeFile(join(bin, key), text)
    await writeFile(join(bin, `${key}.exit`), String(exit))
    await writeFile(join(bin, `${key}.mode`), mode)
  }
  await set('--version', { text: 'smartctl 7.3 2022-02-28 r5338 [x86_64-linux] (local build)\n' })
  for (const [key, replay] of Object.entries(replays)) await set(key, replay)
  return {
    path: `${bin}:/usr/bin:/bin`,
    folder,
    set,
    calls: async () => (await readFile(join(bin, 'calls'), 'utf8')).trimEnd().split('\n'),
  }
}

/** The four drives of `scan.json`. */
export const four: Readonly<Record<string, Replay>> = {
  '--scan': { file: fixture('scan.json') },
  '.dev.sda': { file: fixture('ata-hdd.json'), exit: 64 },
  '.dev.sdb_sat': { file: fixture('ata-ssd.json') },
  '.dev.bus.2_megaraid,4': { file: fixture('sas-megaraid.json') },
  '.dev.nvme0_nvme': { file: fixture('nvme.json') },
}
