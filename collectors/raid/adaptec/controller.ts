/** What arcconf GETCONFIG says of the controller itself, its sensors and its battery or capacitor. */
import { judgeBattery, judgeController } from '../judge.ts'
import type { Battery, Controller, Task } from '../report.ts'
import { type Block, textOf } from './blocks.ts'
import { celsiusOf, ratioOf, voltsOf } from './values.ts'

/** What names a controller in all its parts. */
export interface Owner {
  readonly vendor: 'adaptec'
  readonly controller: string
  readonly controllerSerial?: string | undefined
}

/** @returns the blocks of the section and the number that names its controller */
export function ownerOf(blocks: readonly Block[], controller: string): Owner {
  const serial = textOf(sectionOf(blocks, 'controller information'), 'controller serial number')
  return { vendor: 'adaptec', controller, ...(serial !== undefined && { controllerSerial: serial }) }
}

export function sectionOf(blocks: readonly Block[], section: string): Block[] {
  return blocks.filter((block) => block.section === section)
}

/** @returns undefined where the text has no section of the controller */
export function controllerOf(
  blocks: readonly Block[],
  owner: Owner,
  tasks: readonly Task[],
): Controller | undefined {
  const own = sectionOf(blocks, 'controller information')
  const status = textOf(own, 'controller status')
  if (status === undefined) return undefined
  const versions = own.filter(({ part }) => part === 'controller version information')
  return {
    ...owner,
    kind: 'controller',
    status: judgeController('adaptec', status),
    model: textOf(own, 'controller model'),
    firmware: textOf(versions, 'firmware'),
    driver: textOf(versions, 'driver'),
    celsius: { ...sensorsOf(own), ...enclosureSensorsOf(blocks) },
    tasks,
  }
}

/** The one of the whole controller is the chip's; newer ones list each with its place. */
function sensorsOf(own: readonly Block[]): Record<string, number> {
  const found: Record<string, number> = {}
  const listed = own.filter(({ part }) => part === 'temperature sensors information')
  const roc = celsiusOf(
    textOf(
      own.filter(({ part }) => part === ''),
      'temperature',
    ),
  )
  if (roc !== undefined) found.roc = roc
  let current: number | undefined
  for (const [key, value] of listed.flatMap(({ values }) => values)) {
    if (key === 'sensor id') current = undefined
    if (key === 'current value') current = celsiusOf(value)
    if (key === 'location' && current !== undefined) found[value.toLowerCase()] ??= current
  }
  return found
}

/** `Temperature Sensor Status 1` of an enclosure: `enclosure 0 sensor 1`. */
function enclosureSensorsOf(blocks: readonly Block[]): Record<string, number> {
  const found: Record<string, number> = {}
  for (const block of sectionOf(blocks, 'physical device information')) {
    const enclosure = textOf([block], 'enclosure id') ?? ''
    for (const [key, value] of block.values) {
      const [, sensor] = /^temperature sensor status (\d{1,4})$/.exec(key) ?? []
      const celsius = celsiusOf(value)
      if (sensor !== undefined && celsius !== undefined)
        found[`enclosure ${enclosure} sensor ${sensor}`.replace(/\s+/g, ' ')] ??= celsius
    }
  }
  return found
}

/** By the title of their part: what keeps the cache when the power fails. */
const backups: readonly (readonly [part: RegExp, technology: Battery['technology'], status: string])[] = [
  [/^controller battery information$/, 'battery', 'status'],
  [/^controller zmm information$/, 'capacitor', 'status'],
  [/^controller cache backup unit information$/, 'capacitor', 'overall backup unit status'],
  [/^(green )?backup (power |unit )?information$/, 'capacitor', 'backup power status'],
]

/** @returns the one that is there, else one that is not, else nothing: a card that knows none */
export function batteryOf(blocks: readonly Block[], owner: Owner): Battery | undefined {
  const own = sectionOf(blocks, 'controller information')
  const found: Battery[] = []
  for (const [title, technology, key] of backups) {
    const parts = own.filter(({ part }) => title.test(part))
    const status = textOf(parts, key)
    if (status === undefined) continue
    // The capacitor's own values follow under a title of their own.
    const details = own.filter(({ part }) => title.test(part) || part === 'supercap information')
    found.push({
      ...owner,
      kind: 'battery',
      technology,
      status: judgeBattery('adaptec', status),
      model: textOf(details, 'backup unit type'),
      serial: textOf(details, 'serial number'),
      celsius: celsiusOf(textOf(details, 'current temperature', 'temperature')),
      chargeRatio: ratioOf(textOf(details, 'charge level', 'relative charge', 'capacity remaining')),
      volts: voltsOf(textOf(details, 'voltage(present/max)', 'voltage')),
    })
  }
  return found.find(({ status }) => status.state !== 'missing') ?? found[0]
}
