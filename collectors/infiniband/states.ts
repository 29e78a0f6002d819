/** A port as states: its link, and its rate and width against what they can be. */
import type { StateReading } from '../../src/model.ts'
import type { LinkRate, NumberedWord } from './values.ts'

const info = 9
const warn = 13
const error = 17

export interface PortName {
  readonly device: string
  readonly port: string
  /** Of the HCA, else its name: what stays the same across boots. */
  readonly guid: string
  readonly linkLayer: string
}

const attributesOf = ({ device, port, guid, linkLayer }: PortName) => ({
  device,
  port,
  guid,
  ...(linkLayer && { link_layer: linkLayer }),
})

export const portPart = ({ guid, port }: PortName) => `ib:${guid}:${port}:port`
export const linkPart = ({ guid, port }: PortName) => `ib:${guid}:${port}:link`

const active = 4
const physicallyDisabled = 3

export const isActive = (state: NumberedWord | undefined) => state?.id === active

/** `active`, `down`, `init`, `armed`; `disabled` for a port that somebody has switched off, which needs nobody. */
export function portState(
  name: PortName,
  state: NumberedWord,
  physical: NumberedWord | undefined,
  previous: string | undefined,
): StateReading {
  const isDisabled = state.id !== active && physical?.id === physicallyDisabled
  const word = isDisabled ? 'disabled' : state.word.toLowerCase().replaceAll(' ', '-') || `state-${state.id}`
  const isLost = state.id !== active && previous === 'active'
  const healthy = isDisabled || state.id === active
  return {
    part: portPart(name),
    state: word,
    healthy,
    event: 'infiniband.port',
    severity: isLost ? error : healthy ? info : warn,
    body: `InfiniBand port ${name.device}/${name.port} is ${word}${physical ? ` (${physical.word})` : ''}`,
    attributes: attributesOf(name),
  }
}

export interface Possible {
  readonly bytesPerSecond: number
  readonly lanes: number | undefined
}

/**
 * What a link can have: as configured, else the most seen so far, which its last known state tells. One lane is never
 * all of an InfiniBand link.
 */
export function possibleOf(
  rate: LinkRate,
  linkLayer: string,
  previous: string | undefined,
  expectedGigabits: number | undefined,
): Possible {
  const best = bestOf(previous)
  const isNarrow = rate.lanes === 1 && linkLayer === 'InfiniBand'
  const bytes = rate.bytesPerSecond * (isNarrow ? 4 : 1)
  const lanes = Math.max(isNarrow ? 4 : (rate.lanes ?? 0), best?.lanes ?? 0)
  return {
    bytesPerSecond:
      expectedGigabits === undefined
        ? Math.max(bytes, best?.bytesPerSecond ?? 0)
        : Math.round(expectedGigabits * 125e6),
    lanes: lanes || undefined,
  }
}

/** The last rate and width that a state names is the best one. */
export function bestOf(state: string | undefined): Possible | undefined {
  const [, gigabits, lanes] =
    /(?:^|-below-)(\d{1,6}(?:\.\d{1,6})?)-gbit(?:-(\d{1,3})x)?$/.exec(state ?? '') ?? []
  if (gigabits === undefined) return undefined
  return { bytesPerSecond: Number(gigabits) * 125e6, lanes: lanes === undefined ? undefined : Number(lanes) }
}

export function isDegraded(rate: LinkRate, possible: Possible): boolean {
  return (
    rate.bytesPerSecond < possible.bytesPerSecond ||
    (rate.lanes !== undefined && rate.lanes < (possible.lanes ?? 0))
  )
}

/** `400-gbit-4x`, or `200-gbit-4x-below-400-gbit-4x`. Only of an active link: the rate of another says nothing. */
export function linkState(name: PortName, rate: LinkRate, possible: Possible): StateReading {
  const now = wordsOf(rate)
  const best = wordsOf(possible)
  const isBelow = isDegraded(rate, possible)
  const said = (one: LinkRate | Possible) =>
    `${one.bytesPerSecond / 125e6} Gbit/s${one.lanes === undefined ? '' : ` over ${one.lanes} lanes`}`
  return {
    part: linkPart(name),
    state: isBelow ? `${now}-below-${best}` : now,
    healthy: !isBelow,
    event: 'infiniband.link',
    severity: isBelow ? warn : info,
    body: `InfiniBand port ${name.device}/${name.port} has ${said(rate)}${isBelow ? `, and could have ${said(possible)}` : ''}`,
    attributes: attributesOf(name),
  }
}

function wordsOf({ bytesPerSecond, lanes }: LinkRate | Possible): string {
  return `${bytesPerSecond / 125e6}-gbit${lanes === undefined ? '' : `-${lanes}x`}`
}

export interface Burst {
  readonly isBurst: boolean
  /** Errors that came since a minute ago at most. */
  readonly errors: number
}

export function burstState(name: PortName, { isBurst, errors }: Burst): StateReading {
  return {
    part: `ib:${name.guid}:${name.port}:errors`,
    state: isBurst ? 'burst' : 'quiet',
    healthy: !isBurst,
    event: 'infiniband.errors',
    severity: isBurst ? warn : info,
    body: `InfiniBand port ${name.device}/${name.port} had ${errors} link errors within a minute`,
    attributes: attributesOf(name),
  }
}

/** Ports that were there and are not: an HCA fell off its bus, or its driver was unloaded. Each is told once. */
export function goneStates(known: ReadonlyMap<string, string>, seen: ReadonlySet<string>): StateReading[] {
  return [...known].flatMap(([part, state]) => {
    const [, guid, port] = /^ib:(.+):([^:]+):port$/.exec(part) ?? []
    if (guid === undefined || port === undefined || state === 'gone' || seen.has(part)) return []
    return [
      {
        part,
        state: 'gone',
        healthy: false,
        event: 'infiniband.port',
        severity: error,
        body: `InfiniBand port ${port} of ${guid} is gone`,
        attributes: { port, guid },
      },
    ]
  })
}
