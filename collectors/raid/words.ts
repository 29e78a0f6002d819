/** How a vendor's words for the state of a part are written down: by the state they mean, in lower case. */
import type { ArrayState, BatteryState, ControllerState, DriveState, Vendor } from './report.ts'

interface StateOf {
  readonly controller: ControllerState
  readonly array: ArrayState
  readonly drive: DriveState
  readonly battery: BatteryState
}

export type PartKind = keyof StateOf

export interface Words {
  readonly vendor: Vendor
  readonly kind: PartKind
  /** Where these words come from: tool and version, or its manual. */
  readonly source: string
  readonly words: Readonly<Record<string, readonly string[] | undefined>>
}

/** Words of one vendor for one kind of part: `tsc` refuses a state that the kind does not have. */
export function wordsOf<Kind extends PartKind>(
  vendor: Vendor,
  kind: Kind,
  source: string,
  words: { readonly [state in StateOf[Kind]]?: readonly string[] },
): Words {
  return { vendor, kind, source, words: { ...words } }
}
