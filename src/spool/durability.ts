/**
 * Whether an fsync buys anything where the spool lives: not on tmpfs or zram, whose content dies with the kernel
 * that would have to be asked to keep it.
 */
import { readlinkSync, statfsSync, statSync } from 'node:fs'
import { deviceNumber } from '../tree.ts'

/** f_type of tmpfs and ramfs (include/uapi/linux/magic.h). */
const inMemory = new Set([0x01021994, 0x858458f6])

/** SQLite's `synchronous` for a file in this folder. */
export function synchronous(folder: string): 'OFF' | 'FULL' {
  if (inMemory.has(statfsSync(folder).type)) return 'OFF'
  try {
    const device = readlinkSync(`/sys/dev/block/${deviceNumber(statSync(folder).dev)}`)
    return /\/zram\d+(\/|$)/.test(device) ? 'OFF' : 'FULL'
  } catch {
    return 'FULL' // No block device behind it (overlay, network): be safe.
  }
}
