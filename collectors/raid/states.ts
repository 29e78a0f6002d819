/**
 * The states of the parts as readings from which the engine makes events. A part is named by vendor, controller (its
 * serial where known, so that renumbered controllers make no events) and place, stable across states and boots.
 */
import type { Labels, StateReading } from '../../src/model.ts'
import type { Battery, Controller, Drive, RaidArray, RaidPart } from './report.ts'

const info = 9
const warn = 13
const error = 17

/** States in which nobody needs to do anything; severity of the others: `error` unless it stands here. */
const healthy = new Set([
  'optimal',
  'initialising',
  'checking',
  'online',
  'hot-spare',
  'unconfigured',
  'jbod',
  'learning',
  'charging',
  'unknown',
])
const warned = new Set(['partially-degraded', 'rebuilding', 'predictive-failure', 'foreign', 'unknown'])

export function stateOf(part: RaidPart): StateReading {
  const { state, word } = part.status
  // A card without a battery is whole; one that loses it tells so, since that is a change.
  const well = healthy.has(state) || (part.kind === 'battery' && state === 'missing')
  const said = word.toLowerCase() === state ? state : `${state} (${word})`
  return {
    part: nameOf(part),
    state,
    healthy: well,
    event: `raid.${part.kind}`,
    severity: severityOf(part.kind, state),
    body: `${describePart(part)} is ${said}`,
    attributes: attributesOf(part, word),
  }
}

function severityOf(kind: RaidPart['kind'], state: string): number {
  if (warned.has(state) || (kind === 'battery' && state === 'missing')) return warn
  return healthy.has(state) ? info : error
}

/**
 * The controller, array, drive or battery that was there and is not listed any more, by the name that `stateOf` gave it.
 * @param on its controller as it is labelled now; without it `controller` is what the name has, a serial where one was known
 */
export function goneState(
  name: string,
  on?: Pick<RaidPart, 'controller' | 'controllerSerial'>,
): StateReading | undefined {
  const place = placeOf(name)
  if (place === undefined) return undefined
  const { kind, ...named } = place
  const { controller = place.controller, controllerSerial: serial } = on ?? {}
  const where = { ...named, controller, ...(serial !== undefined && { controller_serial: serial }) }
  const at = Object.entries(where).filter(([, value]) => value !== '')
  return {
    part: name,
    state: goneAs[kind],
    healthy: false,
    event: `raid.${kind}`,
    severity: kind === 'array' || kind === 'battery' ? warn : error,
    body: `The ${kind} at ${at.map((pair) => pair.join(' ')).join(', ')} is no longer there`,
    attributes: where,
  }
}

/** What stands for "not there" in the states of each kind. */
const goneAs = { controller: 'failed', array: 'unknown', drive: 'missing', battery: 'missing' } as const

/** What tells the parts of one controller from all others in `known()`: every name of them begins with it. */
export function controllerPrefix({
  vendor,
  controller,
  controllerSerial,
}: Pick<RaidPart, 'controller' | 'controllerSerial'> & { readonly vendor: string }): string {
  return `raid:${[vendor, controllerSerial ?? controller].map(encodeURIComponent).join(':')}:`
}

export function nameOf(part: RaidPart): string {
  return `${controllerPrefix(part)}${[part.kind, ...placeIn(part)].map(encodeURIComponent).join(':')}`
}

function placeIn(part: RaidPart): readonly string[] {
  switch (part.kind) {
    case 'controller':
      return []
    case 'array':
      return [part.array]
    case 'drive':
      return [part.enclosure, part.slot]
    case 'battery':
      return [part.technology]
  }
}

type Place = { readonly vendor: string; readonly controller: string } & (
  | { readonly kind: 'controller' }
  | { readonly kind: 'array'; readonly array: string }
  | { readonly kind: 'drive'; readonly enclosure: string; readonly slot: string }
  | { readonly kind: 'battery'; readonly technology: string }
)

/** What a name says of the part's place; `controller` is the serial where it was known. Undefined for what is no name. */
export function placeOf(name: string): Place | undefined {
  const [raid, vendor, controller, kind, first, second] = wordsOf(name)
  if (raid !== 'raid' || vendor === undefined || controller === undefined) return undefined
  if (kind === 'controller') return { kind, vendor, controller }
  if (kind === 'array' && first !== undefined) return { kind, vendor, controller, array: first }
  if (kind === 'battery' && first !== undefined) return { kind, vendor, controller, technology: first }
  if (kind !== 'drive' || first === undefined || second === undefined) return undefined
  return { kind, vendor, controller, enclosure: first, slot: second }
}

/** None for a name that nobody encoded. */
function wordsOf(name: string): string[] {
  try {
    return name.split(':').map(decodeURIComponent)
  } catch {
    return []
  }
}

function describePart(part: RaidPart): string {
  const on = `on ${part.vendor} controller ${part.controller}`
  switch (part.kind) {
    case 'controller':
      return `Controller ${part.controller} (${part.model ?? part.vendor})`
    case 'array':
      return `Array ${[part.array, part.level].filter(Boolean).join(' ')} ${on}`
    case 'drive':
      return `Drive ${[part.enclosure, part.slot].filter((word) => word !== '').join(':')} ${serialWords(part)}${on}`
    case 'battery':
      return `The ${part.technology} ${on}`
  }
}

function serialWords({ model, serial }: Drive): string {
  const words = [model, serial].filter(Boolean).join(' ')
  return words === '' ? '' : `(${words}) `
}

function attributesOf(part: RaidPart, word: string): Labels {
  const serials = { ...(part.controllerSerial !== undefined && { controller_serial: part.controllerSerial }) }
  const where = { vendor: part.vendor, controller: part.controller, ...serials, status: word }
  return { ...where, ...detailsOf(part) }
}

function detailsOf(part: Controller | RaidArray | Drive | Battery): Labels {
  switch (part.kind) {
    case 'controller':
      return given({ model: part.model })
    case 'array':
      return given({ array: part.array, level: part.level, name: part.name, device: part.device })
    case 'drive':
      return given({
        enclosure: part.enclosure,
        slot: part.slot,
        array: part.array,
        model: part.model,
        serial: part.serial,
      })
    case 'battery':
      return given({ technology: part.technology, model: part.model, serial: part.serial })
  }
}

function given(attributes: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) found[name] = value
  return found
}
