/**
 * What the machine still knows of how its last boot ended: crash records in pstore, the watchdog's flags, what the
 * firmware says of this start. Each part is read by itself; what is not there is no evidence.
 * @see Linux Documentation/watchdog/watchdog-api.rst (bootstatus), Documentation/ABI/testing/sysfs-platform-power-on-reason,
 *   SMBIOS 3.7 (7.2.2, Wake-up Type), ACPI 6.5 (18.3.1, Boot Error Record Table)
 */
import { readFile } from 'node:fs/promises'
import { crashes, panicLine } from '../../collectors/pstore/crash.ts'
import { records } from '../../collectors/pstore/places.ts'
import { describe } from '../errors.ts'
import type { Tree } from '../tree.ts'

export interface CrashEvidence {
  /** `Panic`, `Oops`, `Restart`, …; `unknown` where no head says it. */
  readonly reason: string
  readonly timeMilliseconds: number
  readonly line: string
}

export interface Evidence {
  /** The newest crash record that was not sent before. */
  readonly crash?: CrashEvidence
  /** Words of the watchdog's flags, by device; empty: all are zero. Absent: no watchdog tells. */
  readonly watchdog?: ReadonlyMap<string, readonly string[]>
  /** As the platform's driver says it. */
  readonly powerOnReason?: string
  /** Why the firmware started the machine. */
  readonly wakeUp?: string
  /** The firmware kept errors of the last boot. */
  readonly bootErrors?: boolean
  /** What could not be read. */
  readonly unreadable: readonly string[]
}

/** WDIOF_… of include/uapi/linux/watchdog.h. */
const flags: readonly (readonly [number, string])[] = [
  [0x0001, 'overheat'],
  [0x0002, 'fan fault'],
  [0x0004, 'external relay 1'],
  [0x0008, 'external relay 2'],
  [0x0010, 'power under-voltage'],
  [0x0020, 'watchdog reset'],
  [0x0040, 'power over-voltage'],
]
export const watchdogReset = 'watchdog reset'

/** Those of SMBIOS; the first three say nothing. */
const wakeUps = [
  '',
  '',
  '',
  'APM timer',
  'modem ring',
  'LAN',
  'power switch',
  'PCI PME#',
  'AC power restored',
]

export interface EvidenceTrees {
  readonly sys: Tree
  readonly host: Tree
}

/** @param sent streams of crashes that an earlier run has sent. Never rejects. */
export async function gatherEvidence(trees: EvidenceTrees, sent: ReadonlySet<string>): Promise<Evidence> {
  const unreadable: string[] = []
  const attempt = async <T>(what: string, read: () => Promise<T | undefined>): Promise<T | undefined> => {
    try {
      return await read()
    } catch (error) {
      unreadable.push(`${what}: ${describe(error)}`)
      return undefined
    }
  }
  const [crash, watchdog, powerOnReason, wakeUp, bootErrors] = await Promise.all([
    attempt('pstore', () => newestCrash(trees, sent)),
    attempt('watchdog', () => watchdogs(trees.sys)),
    attempt('power_on_reason', () => platformReason(trees.sys)),
    attempt('DMI', () => dmiWakeUp(trees.sys)),
    attempt('BERT', () => bert(trees.sys)),
  ])
  return {
    ...(crash && { crash }),
    ...(watchdog && { watchdog }),
    ...(powerOnReason !== undefined && { powerOnReason }),
    ...(wakeUp !== undefined && { wakeUp }),
    ...(bootErrors !== undefined && { bootErrors }),
    unreadable,
  }
}

async function newestCrash(
  trees: EvidenceTrees,
  sent: ReadonlySet<string>,
): Promise<CrashEvidence | undefined> {
  const found = crashes(await records(trees, () => undefined)).filter(
    ({ type, stream }) => type === 'dmesg' && !sent.has(stream),
  )
  const newest = found.at(-1)
  if (newest === undefined) return undefined
  const { reason = 'unknown', timeMilliseconds, text } = newest
  return { reason, timeMilliseconds, line: panicLine(text) ?? '' }
}

async function watchdogs(sys: Tree): Promise<ReadonlyMap<string, readonly string[]> | undefined> {
  const found = new Map<string, readonly string[]>()
  for (const name of await sys.list('class/watchdog')) {
    const words = flagWords(await sys.line(`class/watchdog/${name}/bootstatus`))
    if (words !== undefined) found.set(name, words)
  }
  return found.size > 0 ? found : undefined
}

/** @returns undefined for what is no number: this driver does not tell */
export function flagWords(text: string | undefined): readonly string[] | undefined {
  if (text === undefined || !/^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text)) return undefined
  const value = Number(text)
  return flags.filter(([bit]) => Math.floor(value / bit) % 2 === 1).map(([, word]) => word)
}

async function platformReason(sys: Tree): Promise<string | undefined> {
  for (const device of await sys.list('devices/platform')) {
    const reason = await sys.line(`devices/platform/${device}/power_on_reason`)
    if (reason) return reason.slice(0, 200)
  }
  return undefined
}

const wakeUpOffset = 0x18

async function dmiWakeUp(sys: Tree): Promise<string | undefined> {
  const raw = await bytesOf(sys.resolve('firmware/dmi/entries/1-0/raw'))
  return wakeUps[raw?.[wakeUpOffset] ?? 0] || undefined
}

/** The block status counts errors; zero: none. */
async function bert(sys: Tree): Promise<boolean | undefined> {
  const raw = await bytesOf(sys.resolve('firmware/acpi/tables/data/BERT'))
  return raw === undefined || raw.length < 4 ? undefined : raw.readUInt32LE(0) !== 0
}

async function bytesOf(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined
    throw error
  }
}
