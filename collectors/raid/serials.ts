/**
 * Serial numbers of controllers as they last told them: a tool that leaves one out of a single answer renames nothing,
 * and a number that two controllers share (a batch of boards, a placeholder) names neither.
 * In memory, for each host: numbers may be given anew at a boot, never in between.
 */
import type { Tree } from '../../src/tree.ts'
import type { VendorItem } from './vendor.ts'

interface Told {
  /** By vendor and controller. */
  readonly serials: Map<string, string>
  /** Vendor and serial number of what several controllers have had at once. */
  readonly shared: Set<string>
}

const told = new WeakMap<Tree, Told>()

export function withSerials(items: readonly VendorItem[], host: Tree): readonly VendorItem[] {
  const { serials, shared } = told.get(host) ?? { serials: new Map(), shared: new Set() }
  told.set(host, { serials, shared })
  const owners = new Map<string, string>()
  for (const item of items) {
    if (!('kind' in item) || item.controllerSerial === undefined) continue
    const name = `${item.vendor} ${item.controllerSerial}`
    if ((owners.get(name) ?? item.controller) !== item.controller) shared.add(name)
    owners.set(name, item.controller)
  }
  const completed = <T extends Numbered>(part: T): T => {
    const key = `${part.vendor} ${part.controller}`
    const controllerSerial = part.controllerSerial ?? serials.get(key)
    if (controllerSerial === undefined) return part
    serials.set(key, controllerSerial)
    if (!shared.has(`${part.vendor} ${controllerSerial}`)) return { ...part, controllerSerial }
    return { ...part, controllerSerial: undefined }
  }
  return items.map((item) => {
    if ('kind' in item) return completed(item)
    if ('complete' in item) return { complete: completed(item.complete) }
    return item
  })
}

/** @returns the serial numbers that more than one of them has: no event log can be told apart by it */
export function sharedSerials(serials: readonly (string | undefined)[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const shared = new Set<string>()
  for (const serial of serials) {
    if (serial === undefined) continue
    if (seen.has(serial)) shared.add(serial)
    seen.add(serial)
  }
  return shared
}

interface Numbered {
  readonly vendor: string
  readonly controller: string
  readonly controllerSerial?: string | undefined
}
