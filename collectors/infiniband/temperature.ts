/**
 * Temperatures of an HCA and of the modules in its cages: hwmon of its PCI device (mlx5 since Linux 6.10), or hfi1's
 * `tempsense`: the current one, low, high and critical limits, then flags.
 */
import { ParseError } from '../../src/errors.ts'
import type { ReadLine } from '../../src/line-reader.ts'
import type { Sample } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'
import * as metrics from './metrics.ts'

export async function* temperatures(
  sys: Tree,
  read: ReadLine,
  folder: string,
  device: string,
  skip: (error: Error) => void,
): AsyncGenerator<Sample> {
  const hwmons = `${folder}/device/hwmon`
  const seen = new Set<string>()
  for (const hwmon of await sys.list(hwmons)) {
    for (const file of await sys.list(`${hwmons}/${hwmon}`)) {
      const [, number] = /^temp(\d+)_input$/.exec(file) ?? []
      if (number === undefined) continue
      const at = `${hwmons}/${hwmon}/temp${number}`
      const label = ((await read(`${at}_label`)) ?? '') || `temp${number}`
      const sensor = seen.has(label) ? `${label} ${hwmon}/temp${number}` : label
      seen.add(label)
      const value = await read(`${at}_input`, parseMillidegrees)
      if (value !== undefined) yield { metric: metrics.temperature, value, labels: { device, sensor } }
      const critical = await read(`${at}_crit`, parseMillidegrees)
      if (critical !== undefined)
        yield { metric: metrics.temperatureCritical, value: critical, labels: { device, sensor } }
    }
  }
  const text = await read(`${folder}/tempsense`)
  if (text === undefined) return
  const labels = { device, sensor: 'asic' }
  try {
    const { now, critical } = parseTempsense(text)
    yield { metric: metrics.temperature, value: now, labels }
    yield { metric: metrics.temperatureCritical, value: critical, labels }
  } catch (error) {
    skip(new ParseError(`Cannot read "${folder}/tempsense"`, { cause: error }))
  }
}

/** @throws {ParseError} unless it is a whole number */
export function parseMillidegrees(text: string): number {
  if (!/^-?\d{1,7}$/.test(text))
    throw new ParseError(`Cannot parse temperature "${text}": expected thousandths of a degree`)
  return Number(text) / 1000
}

/** @throws {ParseError} unless four numbers come first */
export function parseTempsense(text: string): { readonly now: number; readonly critical: number } {
  const [, now, critical] =
    /^(-?\d{1,4}\.\d{2}) -?\d{1,4}\.\d{2} -?\d{1,4}\.\d{2} (-?\d{1,4}\.\d{2})\b/.exec(text) ?? []
  if (now === undefined || critical === undefined)
    throw new ParseError(`Cannot parse tempsense "${text}": expected four temperatures`)
  return { now: Number(now), critical: Number(critical) }
}
