/** Parts as any vendor might yield them. */
import fc from 'fast-check'
import {
  type ArrayState,
  arrayStates,
  type BatteryState,
  batteryStates,
  type ControllerState,
  controllerStates,
  type DriveState,
  driveStates,
  type Judged,
  type RaidPart,
} from '../../../collectors/raid/report.ts'

const vendors = ['broadcom', 'adaptec', 'hpe', 'lsi', '3ware', 'areca', 'marvell', 'md'] as const
/** With what separates the words of a name in it. */
const word = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('', ':', '%', '%3A', 'a b', '0', '252'))
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const at = {
  vendor: fc.constantFrom(...vendors),
  controller: word,
  controllerSerial: some(fc.string({ minLength: 1, maxLength: 12 })),
}
const number = some(
  fc.oneof(fc.nat(), fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1)),
)
const judged = <S extends ControllerState | ArrayState | DriveState | BatteryState>(states: readonly S[]) =>
  fc.record<Judged<S>>({ state: fc.constantFrom(...states), word, known: fc.boolean() })
const tasks = fc.array(
  fc.record({
    operation: fc.constantFrom('rebuild', 'check', 'initialise', 'erase'),
    ratio: number,
    remainingSeconds: number,
  }),
  { maxLength: 3 },
)

export const anyPart: fc.Arbitrary<RaidPart> = fc.oneof(
  fc.record({
    ...at,
    kind: fc.constant('controller'),
    status: judged(controllerStates),
    model: some(word),
    firmware: some(word),
    celsius: fc.dictionary(fc.constantFrom('roc', 'board'), fc.integer()),
    memoryCorrectableErrors: number,
    memoryUncorrectableErrors: number,
    tasks,
  }),
  fc.record({
    ...at,
    kind: fc.constant('array'),
    array: word,
    status: judged(arrayStates),
    name: some(word),
    level: some(word),
    sizeBytes: number,
    driveCount: number,
    tasks,
  }),
  fc.record({
    ...at,
    kind: fc.constant('drive'),
    enclosure: word,
    slot: word,
    status: judged(driveStates),
    array: some(word),
    model: some(word),
    serial: some(word),
    celsius: number,
    mediaErrors: number,
    otherErrors: number,
    predictiveFailures: number,
    smartAlert: some(fc.boolean()),
    tasks,
  }),
  fc.record({
    ...at,
    kind: fc.constant('battery'),
    technology: fc.constantFrom('battery', 'capacitor'),
    status: judged(batteryStates),
    model: some(word),
    celsius: number,
    chargeRatio: number,
    volts: number,
  }),
)
