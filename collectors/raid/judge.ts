/**
 * What a vendor's word for a state means in the vendor-neutral family. The code judges by this table alone, and
 * docs/raid-words.md is drawn from it. A word that is not in it is `unknown`, and counted.
 */
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
  type Vendor,
} from './report.ts'
import { adaptecWords } from './words/adaptec.ts'
import { broadcomWords } from './words/broadcom.ts'
import { hpeWords } from './words/hpe.ts'
import { otherWords } from './words/others.ts'
import type { PartKind, Words } from './words.ts'

export const wordTable: readonly Words[] = [...broadcomWords, ...adaptecWords, ...hpeWords, ...otherWords]

const meanings = new Map<string, string>()
for (const { vendor, kind, words } of wordTable) {
  for (const [state, list] of Object.entries(words)) {
    for (const word of list ?? []) {
      const key = keyOf(vendor, kind, word)
      const before = meanings.get(key)
      if (before !== undefined && before !== state)
        throw new Error(`Cannot judge "${key}": it means ${before} and ${state}`)
      meanings.set(key, state)
    }
  }
}

export function judgeController(vendor: Vendor, word: string): Judged<ControllerState> {
  return judge(vendor, 'controller', word, controllerStates, 'unknown')
}

export function judgeArray(vendor: Vendor, word: string): Judged<ArrayState> {
  return judge(vendor, 'array', word, arrayStates, 'unknown')
}

export function judgeDrive(vendor: Vendor, word: string): Judged<DriveState> {
  return judge(vendor, 'drive', word, driveStates, 'unknown')
}

export function judgeBattery(vendor: Vendor, word: string): Judged<BatteryState> {
  return judge(vendor, 'battery', word, batteryStates, 'unknown')
}

function judge<State extends string>(
  vendor: Vendor,
  kind: PartKind,
  word: string,
  all: readonly State[],
  unknown: State,
): Judged<State> {
  const meaning = meanings.get(keyOf(vendor, kind, word))
  const state = all.find((one) => one === meaning)
  return { state: state ?? unknown, word: word.trim(), known: state !== undefined }
}

function keyOf(vendor: Vendor, kind: PartKind, word: string): string {
  return `${vendor} ${kind} ${word.trim().toLowerCase().replace(/\s+/g, ' ')}`
}
