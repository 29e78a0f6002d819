/**
 * Which drive a member of an array is: the kernel's names change from boot to boot, and a hand needs a number to pull.
 * Reads /sys/class/block/<name>/device: `serial` and `model` of NVMe, `vpd_pg80` and `model` of SCSI and ATA, of the whole
 * disk where the member is a partition.
 * @see T10 SPC, unit serial number page (80h): four bytes, then text
 */
import { dirname } from 'node:path/posix'
import { firmwareText } from '../../src/firmware-text.ts'
import type { Tree } from '../../src/tree.ts'

export interface Disk {
  readonly model?: string
  readonly serial?: string
}

const pageHeader = 4
const longest = 64

/** @returns what the kernel knows; nothing of a disk that is gone, or is made by a driver (dm, loop) */
export async function diskOf(sys: Tree, member: string): Promise<Disk> {
  const at = await wholeDisk(sys, member)
  if (at === undefined) return {}
  const text = async (file: string, from = 0) => {
    // What it does not tell is no failure of the array.
    const said = await sys.read(`${at}/device/${file}`).catch(() => undefined)
    return firmwareText(
      said
        ?.slice(from)
        .replace(/[^ -~]/g, '')
        .slice(0, longest),
    )
  }
  const serial = (await text('serial')) ?? (await text('vpd_pg80', pageHeader))
  const model = await text('model')
  return { ...(model !== undefined && { model }), ...(serial !== undefined && { serial }) }
}

async function wholeDisk(sys: Tree, member: string): Promise<string | undefined> {
  const at = `class/block/${member}`
  if (!(await sys.exists(`${at}/partition`))) return at
  const real = await sys.real(at)
  return real === undefined ? undefined : dirname(real)
}
