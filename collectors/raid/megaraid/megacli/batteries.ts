/** The battery or capacitor of one adapter out of `-AdpBbuCmd`. */
import { judgeBattery } from '../../judge.ts'
import type { Battery } from '../../report.ts'
import { celsiusOf, ratioOf, textOf, yesOf } from '../values.ts'
import { type Line, valuesOf } from './text.ts'

/** Flags that say what the state's own word leaves out, or stand for it where old firmware has none. */
const flags = [
  ['battery pack missing', 'Battery Pack Missing'],
  ['pack is about to fail & should be replaced', 'Pack is about to fail & should be replaced'],
  ['battery replacement required', 'Battery Replacement required'],
  ['learn cycle active', 'Learn Cycle Active'],
] as const

/** None where the adapter's lines say nothing of a battery. */
export function batteryOf(
  lines: readonly Line[],
  place: { readonly controller: string; readonly controllerSerial?: string | undefined },
): Battery | undefined {
  const values = valuesOf(lines)
  const kind = textOf(values.get('batterytype'))
  const word = wordOf(lines, values)
  if (word === undefined) return undefined
  const volts = /^(\d{1,6}) ?mV$/.exec(textOf(values.get('voltage')) ?? '')?.[1]
  return {
    kind: 'battery',
    vendor: 'broadcom',
    ...place,
    technology: /^(cv|supercap|tmm)/i.test(kind ?? '') ? 'capacitor' : 'battery',
    status: judgeBattery('broadcom', word),
    model: kind,
    serial: textOf(values.get('serial number')),
    celsius: celsiusOf(values.get('temperature')),
    chargeRatio: ratioOf(values.get('relative state of charge')),
    volts: volts === undefined ? undefined : Number(volts) / 1000,
  }
}

function wordOf(lines: readonly Line[], values: ReadonlyMap<string, string>): string | undefined {
  const bare = lines.map(({ value }) => value.trim().replace(/\.$/, ''))
  const failed = bare.some((line) => /^get bbu status failed/i.test(line))
  if (failed)
    return (
      bare.find((line) => /required hardware component is not present/i.test(line)) ?? 'Get BBU Status Failed'
    )
  const flag = flags.find(([key]) => yesOf(values.get(key)) === true)?.[1]
  if (flag !== undefined) return flag
  const said = textOf(values.get('battery state'))
  if (said !== undefined) return said
  if (/^charging/i.test(textOf(values.get('charging status')) ?? '')) return 'Charging Status: Charging'
  // Old firmware leaves the state empty, and says of voltage and temperature whether they are well.
  const health = lines.filter(({ key, value }) => /^(voltage|temperature)$/.test(key) && !/\d/.test(value))
  if (health.length === 0) return undefined
  return health.map(({ value }) => value.trim()).find((value) => value !== 'OK') ?? 'OK'
}
