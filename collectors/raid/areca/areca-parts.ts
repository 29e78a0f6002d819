/**
 * The parts of one Areca controller. Its raid sets (`rsf1`: drives bound together) and its volume sets (`vsf1`: what the
 * host sees of them) have states of their own: each is an array.
 */
import { judgeArray, judgeBattery, judgeController, judgeDrive } from '../judge.ts'
import type { Battery, Controller, Drive, Operation, RaidArray, RaidPart, Task } from '../report.ts'
import { celsiusAt, given } from '../text.ts'
import { type ArecaDisk, type ArecaState, type RaidSet, stateOf, type VolumeSet } from './cli64.ts'

export interface ArecaCard {
  /** `1`. */
  readonly controller: string
  /** `sys info` */
  readonly system: ReadonlyMap<string, string>
  /** `hw info` */
  readonly hardware: ReadonlyMap<string, string>
  readonly raidSets: readonly RaidSet[]
  readonly volumeSets: readonly VolumeSet[]
  readonly disks: readonly ArecaDisk[]
  /** By the disk's number: `disk info drv=9`. */
  readonly details: ReadonlyMap<string, ReadonlyMap<string, string>>
}

export function arecaParts(card: ArecaCard): RaidPart[] {
  const controllerSerial = given(card.system.get('Serial Number'))
  const at = { vendor: 'areca', controller: card.controller, controllerSerial } as const
  const sets = new Map(card.raidSets.map(({ name, number }) => [name, `rsf${number}`]))
  return [
    controllerOf(at, card),
    ...card.raidSets.map(({ number, name, drives, sizeBytes, state }): RaidArray => {
      const level = name === 'PassThroughDisk' ? 'jbod' : undefined
      return { ...at, ...setOf(`rsf${number}`, state), name, level, sizeBytes, driveCount: drives }
    }),
    ...card.volumeSets.map(
      ({ number, name, level, sizeBytes, state }): RaidArray => ({
        ...at,
        ...setOf(`vsf${number}`, state),
        name: ownName(name, card.raidSets),
        level,
        sizeBytes,
      }),
    ),
    ...card.disks.map((disk) => driveOf(at, disk, sets.get(disk.usage), card.details.get(disk.number))),
    ...batteriesOf(at, card.hardware.get('Battery Status')),
  ]
}

/** A name that fills its column runs into that of its raid set. */
function ownName(name: string, raidSets: readonly RaidSet[]): string {
  const set = raidSets.find((one) => name.endsWith(` ${one.name}`))
  return set === undefined ? name : name.slice(0, -set.name.length).trimEnd()
}

type At = Pick<RaidPart, 'vendor' | 'controller' | 'controllerSerial'>

function controllerOf(at: At, { system, hardware }: ArecaCard): Controller {
  const sensors = [
    ['roc', celsiusAt(hardware.get('CPU Temperature'))],
    ['board', celsiusAt(hardware.get('Controller Temp.'))],
  ] as const
  return {
    ...at,
    kind: 'controller',
    status: judgeController('areca', 'Present'),
    model: given(system.get('Controller Name')),
    firmware: given(system.get('Firmware Version')),
    celsius: Object.fromEntries(
      sensors.flatMap(([name, degrees]) => (degrees === undefined ? [] : [[name, degrees] as const])),
    ),
  }
}

const operations: Readonly<Record<string, Operation>> = {
  rebuilding: 'rebuild',
  rebuild: 'rebuild',
  initializing: 'initialise',
  'foreground init': 'initialise',
  'background init': 'initialise',
  checking: 'check',
  migrating: 'reshape',
  expanding: 'reshape',
}

function setOf(array: string, { word, ratio }: ArecaState) {
  const operation = operations[word.toLowerCase()]
  const tasks: Task[] = operation === undefined ? [] : [{ operation, ratio }]
  return { kind: 'array', array, status: judgeArray('areca', word), tasks } as const
}

function driveOf(
  at: At,
  disk: ArecaDisk,
  array: string | undefined,
  details: ReadonlyMap<string, string> | undefined,
): Drive {
  const detail = (key: string) => given(details?.get(key))
  const count = (key: string) => (/^\d{1,12}$/.test(detail(key) ?? '') ? Number(detail(key)) : undefined)
  const state = detail('Device State')
  const usage = array === undefined ? disk.usage : 'RaidSet Member'
  return {
    ...at,
    kind: 'drive',
    enclosure: disk.enclosure,
    slot: disk.slot,
    status: judgeDrive('areca', state === undefined || state.toUpperCase() === 'NORMAL' ? usage : state),
    array,
    model: given(disk.model),
    serial: detail('Serial Number'),
    firmware: detail('Firmware Rev.'),
    interface: /^(SATA|SAS)\b/.exec(detail('Device Type') ?? '')?.[1]?.toLowerCase(),
    sizeBytes: disk.sizeBytes,
    celsius: celsiusAt(detail('Device Temperature')),
    mediaErrors: count('Media Error Count'),
    otherErrors: count('Timeout Count'),
  }
}

/** `Charged(100%)`, `Not Installed`; a lone percentage is how far it is charged. */
function batteriesOf(at: At, status: string | undefined): Battery[] {
  const text = given(status)
  if (text === undefined) return []
  const { word, ratio } = stateOf(text)
  const lone = word === text && ratio !== undefined
  const told = lone ? (ratio === 1 ? 'Charged' : 'Charging') : word
  const judged = judgeBattery('areca', told)
  return [{ ...at, kind: 'battery', technology: 'battery', status: judged, chargeRatio: ratio }]
}
