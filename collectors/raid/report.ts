/**
 * What every vendor's tool is parsed into: controllers, arrays, drives and batteries with one meaning everywhere.
 * A value that a tool does not print is absent. Sizes are bytes, temperatures degrees Celsius, ratios 0 to 1.
 */

export type Vendor = 'broadcom' | 'adaptec' | 'hpe' | 'lsi' | '3ware' | 'areca' | 'marvell' | 'md'

export const controllerStates = ['optimal', 'degraded', 'failed', 'unknown'] as const
export const arrayStates = [
  'optimal',
  'degraded',
  'partially-degraded',
  'failed',
  'offline',
  'rebuilding',
  'initialising',
  'checking',
  'unknown',
] as const
export const driveStates = [
  'online',
  'hot-spare',
  'rebuilding',
  'failed',
  'predictive-failure',
  'missing',
  'unconfigured',
  'foreign',
  'jbod',
  'unknown',
] as const
export const batteryStates = ['optimal', 'learning', 'charging', 'failed', 'missing', 'unknown'] as const

export type ControllerState = (typeof controllerStates)[number]
export type ArrayState = (typeof arrayStates)[number]
export type DriveState = (typeof driveStates)[number]
export type BatteryState = (typeof batteryStates)[number]

export type Operation =
  | 'rebuild'
  | 'initialise'
  | 'check'
  | 'patrol-read'
  | 'reshape'
  | 'copyback'
  | 'erase'
  | 'learn'

/** Something that goes on now. What is idle, paused for good or done is no task. */
export interface Task {
  readonly operation: Operation
  /** Of the whole; absent where the tool does not say. */
  readonly ratio?: number | undefined
  readonly remainingSeconds?: number | undefined
}

/** What the vendor said of the state, and what it means (words.ts). */
export interface Judged<State> {
  readonly state: State
  /** In the vendor's own spelling. */
  readonly word: string
  /** False where the table does not have the word. */
  readonly known: boolean
}

interface Part {
  readonly vendor: Vendor
  /** As the tool numbers or names it on its command line: `0`. One of several controllers never takes another's. */
  readonly controller: string
  /** What stays when controllers are renumbered: names the parts in events. */
  readonly controllerSerial?: string | undefined
  readonly tasks?: readonly Task[]
}

export interface Controller extends Part {
  readonly kind: 'controller'
  readonly status: Judged<ControllerState>
  readonly model?: string | undefined
  readonly firmware?: string | undefined
  readonly driver?: string | undefined
  /** By sensor: `roc`, `board`. */
  readonly celsius?: Readonly<Record<string, number>>
  readonly memoryCorrectableErrors?: number | undefined
  readonly memoryUncorrectableErrors?: number | undefined
}

export interface RaidArray extends Part {
  readonly kind: 'array'
  /** Stable across states: the number or name the tool addresses it by. */
  readonly array: string
  readonly status: Judged<ArrayState>
  readonly name?: string | undefined
  /** `raid0`, `raid1`, `raid5`, `raid6`, `raid10`, `raid50`, `raid60`, `jbod`, or the vendor's word. */
  readonly level?: string | undefined
  /** Of the block device, where the tool says: `sda`. */
  readonly device?: string | undefined
  readonly sizeBytes?: number | undefined
  readonly driveCount?: number | undefined
  /** `write-back`, `write-through`. */
  readonly cache?: string | undefined
}

export interface Drive extends Part {
  readonly kind: 'drive'
  /** Empty where the controller has no enclosures. */
  readonly enclosure: string
  /** Slot, bay or port: where a hand finds it. */
  readonly slot: string
  readonly status: Judged<DriveState>
  /** The array it is in. */
  readonly array?: string | undefined
  readonly model?: string | undefined
  readonly serial?: string | undefined
  readonly firmware?: string | undefined
  /** `sas`, `sata`, `nvme`. */
  readonly interface?: string | undefined
  /** `hdd`, `ssd`. */
  readonly media?: string | undefined
  readonly sizeBytes?: number | undefined
  readonly celsius?: number | undefined
  readonly mediaErrors?: number | undefined
  readonly otherErrors?: number | undefined
  readonly predictiveFailures?: number | undefined
  /** The drive's own SMART verdict, as the controller passes it on. */
  readonly smartAlert?: boolean | undefined
}

export interface Battery extends Part {
  readonly kind: 'battery'
  readonly technology: 'battery' | 'capacitor'
  readonly status: Judged<BatteryState>
  readonly model?: string | undefined
  readonly serial?: string | undefined
  readonly celsius?: number | undefined
  readonly chargeRatio?: number | undefined
  readonly volts?: number | undefined
}

export type RaidPart = Controller | RaidArray | Drive | Battery
