/** What was there and is not listed any more: its state, and for a drive the series that says so. */
import type { Sample, StateReading } from '../../src/model.ts'
import type { RaidPart } from './report.ts'
import { driveStateSamples } from './samples.ts'
import { goneState, placeOf } from './states.ts'

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
