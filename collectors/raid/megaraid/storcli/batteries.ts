/** Battery and CacheVault of one controller, out of `/cALL show all` and `/cALL/bbu show all`, `/cALL/cv show all`. */
import { judgeBattery } from '../../judge.ts'
import type { Battery, BatteryState, Judged } from '../../report.ts'
import { celsiusOf, countOf, type Json, ratioOf, recordOf, rowsOf, textOf, yesOf } from '../values.ts'

interface Place {
  readonly controller: string
  readonly controllerSerial?: string | undefined
}

const technologies = [
  ['BBU_Info', 'battery'],
  ['Cachevault_Info', 'capacitor'],
] as const

/** The bits of `BBU Status`, as the firmware defines them (mfi, `bbu_status`). */
const bits = { packMissing: 0x1, charging: 0x8, learning: 0x40, replacePack: 0x400 }

export function batteriesOf(answers: readonly Json[], place: Place): readonly Battery[] {
  const hardware = recordOf(answers.find((data) => 'HwCfg' in data)?.HwCfg)
  const status = countOf(recordOf(answers.find((data) => 'Status' in data)?.Status)['BBU Status']) ?? 0
  const found: Battery[] = []
  for (const [key, technology] of technologies) {
    // The answer of `show all` to the unit alone has more to say than the controller's own.
    const facts = new Map<string, unknown>()
    for (const data of answers) if (rowsOf(data[key]).length > 0) addFacts(facts, data)
    if (facts.size === 0) continue
    const word = textOf(facts.get('State')) ?? ''
    const replace = yesOf(facts.get('Replacement required') ?? facts.get('Battery Replacement required'))
    found.push({
      kind: 'battery',
      vendor: 'broadcom',
      ...place,
      technology,
      status: judge(word, replace === true ? status | bits.replacePack : status),
      model: textOf(facts.get('Model')) ?? textOf(facts.get('Type')) ?? textOf(facts.get('Device Name')),
      serial: textOf(facts.get('Serial Number')),
      celsius: celsiusOf(facts.get('Temp') ?? facts.get('Temperature')),
      chargeRatio: ratioOf(facts.get('Relative State of Charge')),
      volts: voltsOf(facts.get('Voltage')),
    })
  }
  const absent = [hardware.BBU, hardware['Energy Pack']].map(textOf).find((word) => word === 'Absent')
  if (found.length === 0 && absent !== undefined)
    found.push({
      kind: 'battery',
      vendor: 'broadcom',
      ...place,
      technology: 'battery',
      status: judgeBattery('broadcom', absent),
    })
  return found
}

/** Rows are either one with named columns, or many of a property and its value. */
function addFacts(facts: Map<string, unknown>, data: Json): void {
  for (const list of Object.values(data))
    for (const row of rowsOf(list)) {
      const property = textOf(row.Property)
      if (property !== undefined) facts.set(property, row.Value)
    }
  for (const [key] of technologies)
    for (const row of rowsOf(data[key]))
      if (!('Property' in row)) for (const [name, value] of Object.entries(row)) facts.set(name, value)
}

/** A pack that learns or charges calls itself degraded meanwhile; its bits say which it is. */
function judge(word: string, status: number): Judged<BatteryState> {
  const judged = judgeBattery('broadcom', word)
  const has = (bit: number) => (status & bit) !== 0
  if (has(bits.packMissing)) return { ...judged, state: 'missing' }
  if (has(bits.replacePack)) return { ...judged, state: 'failed', word: `${word}, Replacement required` }
  if (judged.state !== 'failed' && judged.known) return judged
  if (/fail/i.test(word)) return judged
  if (has(bits.learning)) return { ...judged, state: 'learning', known: true }
  return has(bits.charging) ? { ...judged, state: 'charging', known: true } : judged
}

function voltsOf(value: unknown): number | undefined {
  const found = /^(\d{1,6}(?:\.\d+)?) ?(m?)V$/i.exec(textOf(value) ?? '')
  return found ? Number(found[1]) / (found[2] === '' ? 1 : 1000) : undefined
}
