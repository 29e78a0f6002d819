/** The link of a SAS phy as a state: its rate, `down` without a link, `disabled` when it was switched off. */
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
