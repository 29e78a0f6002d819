/**
 * The link of a SAS phy as a state: its rate, `down` without a link, `disabled` when it was switched off; and whether an
 * adapter is there.
 */
import type { StateReading } from '../../src/model.ts'

export interface PhyLink {
  readonly part: string
  readonly phy: string
  readonly enabled: boolean | undefined
  /** Bits per second. */
  readonly negotiated: number | undefined
  /** The kernel's words, where there is no rate. */
  readonly text: string
}

/** Most phys of an expander have nothing behind them: a link that was never up is no trouble, one that goes is. */
export function phyState(link: PhyLink, previous: string | undefined): StateReading {
  const { part, phy, enabled, negotiated, text } = link
  const state =
    negotiated !== undefined ? `${negotiated / 1e9}-gbit` : enabled === false ? 'disabled' : 'down'
  const before = Number(/^(\d+(?:\.\d+)?)-gbit$/.exec(previous ?? '')?.[1])
  const isSlower = negotiated !== undefined && negotiated / 1e9 < before
  const isLost = state === 'down' && before > 0
  const words =
    negotiated === undefined
      ? `${state}${text === '' ? '' : ` (${text})`}`
      : `up at ${negotiated / 1e9} Gbit/s`
  return {
    part,
    state,
    healthy: true,
    event: 'sas.phy',
    severity: isLost ? 17 : isSlower ? 13 : 9,
    body: `SAS ${phy} is ${words}${isSlower ? `, before at ${before} Gbit/s` : ''}`,
    attributes: { phy },
  }
}

/**
 * Names a phy by the addresses of what it belongs to, since the kernel numbers hosts anew, and by its number there. The
 * address a phy itself tells is that of what is attached with some drivers, and goes with it.
 * @param phy `phy-<host>:<number>`, `phy-<host>:<expander>:<number>`
 * @param addresses by the kernel's names of hosts and expanders
 */
export function phyPart(phy: string, addresses: ReadonlyMap<string, string>): string {
  const [, host = '', expander, number = ''] = /^phy-(\d+)(?::(\d+))?:(\d+)$/.exec(phy) ?? []
  if (host === '') return `sas:${phy}`
  const named = (name: string) => addresses.get(name) ?? name
  const on = expander === undefined ? '' : `${named(`expander-${host}:${expander}`)}:`
  return `sas:${named(`host${host}`)}:${on}phy${number}`
}

const hostPart = (address: string) => `sas:${address}:host`

/** @param address of the adapter itself, which stays when it is numbered anew */
export function hostState(address: string, host: string, driver: string): StateReading {
  return {
    part: hostPart(address),
    state: 'present',
    healthy: true,
    event: 'sas.host',
    severity: 9,
    body: `SAS adapter ${address} (${host}, ${driver}) is there`,
    attributes: { sas_address: address, host },
  }
}

/** @returns one for each adapter that was there, and is not now: a driver gives up one whose firmware died */
export function goneHosts(known: ReadonlyMap<string, string>, present: ReadonlySet<string>): StateReading[] {
  return [...known].flatMap(([part, state]) => {
    const [, address] = /^sas:(.+):host$/.exec(part) ?? []
    if (address === undefined || state === 'gone' || present.has(address)) return []
    return [
      {
        part,
        state: 'gone',
        healthy: false,
        event: 'sas.host',
        severity: 17,
        body: `SAS adapter ${address} is gone`,
        attributes: { sas_address: address },
      },
    ]
  })
}
