/**
 * One controller as read by any tool of the family: its parts in the neutral words, and beside each the facts that the
 * `megaraid_*` series show in the vendor's words.
 */
import type { Battery, Controller, Drive, RaidArray } from '../report.ts'

export interface CardFacts {
  readonly firmware?: string | undefined
  /** Of the kernel module: `megaraid_sas`, `mpt3sas`. */
  readonly driver?: string | undefined
  readonly ports?: number | undefined
  readonly physicalDrives?: number | undefined
  readonly driveGroups?: number | undefined
  readonly virtualDrives?: number | undefined
  /** The backup unit's status: no bit set that asks for attention. */
  readonly batteryHealthy?: boolean | undefined
  readonly patrolScheduled?: boolean | undefined
  /** Between the clocks of controller and system. */
  readonly timeDifferenceSeconds?: number | undefined
}

export interface VolumeFacts {
  readonly group?: string | undefined
  readonly cache?: string | undefined
  readonly type?: string | undefined
}

export interface DiskFacts {
  /** The number by which smartctl and MegaCli address it. */
  readonly deviceId?: string | undefined
  readonly group?: string | undefined
  readonly interface?: string | undefined
  readonly media?: string | undefined
  /** Without what Remora adds to it. */
  readonly state?: string | undefined
  readonly shieldCounter?: number | undefined
  readonly linkGigabits?: number | undefined
  readonly deviceGigabits?: number | undefined
  readonly commissionedSpare?: boolean | undefined
  readonly emergencySpare?: boolean | undefined
}

export interface Card {
  readonly part: Controller
  readonly facts: CardFacts
  readonly volumes: readonly { readonly part: RaidArray; readonly facts: VolumeFacts }[]
  readonly disks: readonly { readonly part: Drive; readonly facts: DiskFacts }[]
  readonly batteries: readonly Battery[]
  /** Whether what it does not list is not there. */
  readonly whole: boolean
}

export interface Reading {
  readonly cards: readonly Card[]
  /** The numbers of controllers that are there and could not be read. */
  readonly unread: readonly string[]
}
