/** What arcconf GETCONFIG says of the hard drives. */
import { ParseError } from '../../../src/errors.ts'
import { judgeDrive } from '../judge.ts'
import type { Drive, Task } from '../report.ts'
import { bytesOf } from '../text.ts'
import { type Block, textOf } from './blocks.ts'
import type { Owner } from './controller.ts'
import { drivesIn, membership } from './places.ts'
import { celsiusOf, countOf, sumOf } from './values.ts'

/** Counters of a drive, from its own text or from the controller's log of devices. */
export interface ErrorCounts {
  readonly mediaErrors?: number | undefined
  readonly otherErrors?: number | undefined
}

/** A drive, and where the controller's other texts say it is: `0,4`. */
export interface Located {
  readonly drive: Drive
  readonly channelDevice: string | undefined
}

/**
 * @param tasks by channel and device: `0,4`
 * @param skip told of a device that says too little to be one
 */
export function* drivesOf(
  blocks: readonly Block[],
  owner: Owner,
  tasks: ReadonlyMap<string, readonly Task[]>,
  skip: (error: Error) => void,
): Generator<Located> {
  const arraysOf = membership(blocks)
  for (const placed of drivesIn(blocks)) {
    const { number, own, channelDevice, place } = placed
    const state = textOf(own, 'state')
    if (state === undefined || place === undefined) {
      const which = `Device #${number} of controller ${owner.controller}`
      skip(new ParseError(`Cannot parse drive "${which}": no ${state === undefined ? 'state' : 'place'}`))
      continue
    }
    const drive: Drive = {
      ...owner,
      kind: 'drive',
      ...place,
      status: judgeDrive('adaptec', state),
      array: arraysOf(placed),
      model: modelOf(own),
      serial: textOf(own, 'serial number'),
      firmware: textOf(own, 'firmware'),
      interface: interfaceOf(textOf(own, 'transfer speed', 'interface type') ?? ''),
      media: mediaOf(flagOf(textOf(own, 'ssd'))),
      sizeBytes: bytesOf(textOf(own, 'total size', 'size'), 1024),
      celsius: celsiusOf(textOf(own, 'current temperature', 'temperature')),
      ...countsOf(own),
      predictiveFailures: countOf(textOf(own, 'predictive failures', 's.m.a.r.t. warnings')),
      smartAlert: flagOf(textOf(own, 's.m.a.r.t.', 'pfa')),
      tasks: tasks.get(channelDevice ?? '') ?? [],
    }
    yield { drive, channelDevice }
  }
}

/** `ATA` is no maker, nor is `*MISSING*`. */
function modelOf(own: readonly Block[]): string | undefined {
  const words = [textOf(own, 'vendor'), textOf(own, 'model')]
  const said = words.filter((word) => word !== undefined && word !== 'ATA' && !word.startsWith('*'))
  return said.join(' ') || undefined
}

function interfaceOf(speed: string): string | undefined {
  if (/^s(ata|erial ata)/i.test(speed)) return 'sata'
  if (/^sas/i.test(speed)) return 'sas'
  return /^(nvme|pcie)/i.test(speed) ? 'nvme' : undefined
}

function mediaOf(solid: boolean | undefined): string | undefined {
  if (solid === undefined) return undefined
  return solid ? 'ssd' : 'hdd'
}

/** Old firmware counts under `Runtime Error Counters`, new one under `Device Error Counters`. */
function countsOf(own: readonly Block[]): ErrorCounts {
  const sum = (keys: readonly string[]) => sumOf(...keys.map((key) => countOf(textOf(own, key))))
  return {
    mediaErrors: sum(['medium error count', 'media failures', 'hard read errors', 'hard write errors']),
    otherErrors: sum([
      'hardware error count',
      'parity error count',
      'link failure count',
      'aborted command count',
      'hardware errors',
      'aborted commands',
      'bad target errors',
      'not ready errors',
      'other time out errors',
      'scsi bus faults',
      'format errors',
    ]),
  }
}

function flagOf(text: string | undefined): boolean | undefined {
  if (/^(yes|true)\b/i.test(text ?? '')) return true
  return /^(no|false)\b/i.test(text ?? '') ? false : undefined
}
