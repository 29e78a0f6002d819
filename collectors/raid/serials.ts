/**
 * Serial numbers of controllers as they last told them: a tool that leaves one out of a single answer renames nothing.
 * In memory, for each host: numbers may be given anew at a boot, never in between.
 */
import type { Tree } from '../../src/tree.ts'
import type { VendorItem } from './vendor.ts'

const told = new WeakMap<Tree, Map<string, string>>()

export function withSerials(items: readonly VendorItem[], host: Tree): readonly VendorItem[] {
  const known = told.get(host) ?? new Map<string, string>()
  told.set(host, known)
  const completed = <T extends Numbered>(part: T): T => {
    const key = `${part.vendor} ${part.controller}`
    const controllerSerial = part.controllerSerial ?? known.get(key)
    if (controllerSerial === undefined) return part
    known.set(key, controllerSerial)
    return { ...part, controllerSerial }
  }
  return items.map((item) => {
    if ('kind' in item) return completed(item)
    if ('complete' in item) return { complete: completed(item.complete) }
    return item
  })
}

interface Numbered {
  readonly vendor: string
  readonly controller: string
  readonly controllerSerial?: string | undefined
}
