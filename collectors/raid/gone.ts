/** What was there and is not listed any more: its state, and for a drive the series that says so. */
import type { Sample, StateReading } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'
import type { RaidPart } from './report.ts'
import { driveStateSamples } from './samples.ts'
import { goneState, placeOf } from './states.ts'

const listers = new WeakMap<Tree, Map<string, string>>()

/**
 * The tool that listed a controller last, by `controllerPrefix`: tools of one family know different cards, so that one
 * without the card says nothing of it. In memory, for each host.
 */
export function listersOf(host: Tree): Map<string, string> {
  const known = listers.get(host) ?? new Map<string, string>()
  listers.set(host, known)
  return known
}

/** @param on the controller as it is labelled now; undefined for one that is not there itself */
export function* goneItems(
  name: string,
  on?: Pick<RaidPart, 'vendor' | 'controller' | 'controllerSerial'>,
): Generator<Sample | StateReading> {
  const place = placeOf(name)
  const reading = goneState(name, on)
  if (place === undefined || reading === undefined) return
  yield reading
  if (place.kind !== 'drive' || on === undefined) return
  const { vendor, controller } = on
  const { enclosure, slot } = place
  yield* driveStateSamples({ vendor, controller, enclosure, slot }, 'missing')
}
