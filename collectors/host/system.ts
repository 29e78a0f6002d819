/**
 * What the machine says it is: uname and DMI, with node_exporter's names and labels.
 * Reads /proc/sys/kernel/{ostype,hostname,osrelease,version,domainname} and /sys/class/dmi/id/*, one value a file.
 * @see Linux Documentation/ABI/testing/sysfs-class-dmi
 */
import { machine } from 'node:os'
import { gauge, type Labels } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'

export const uname = gauge('node_uname_info', 'info', 'proc/sys/kernel', 'What uname says.', [
  'domainname',
  'machine',
  'nodename',
  'release',
  'sysname',
  'version',
])

/** Labels and the files they come from, where those differ in name only by `sys_`. Serials and the UUID are for root alone. */
const dmiFiles = [
  ['bios_date', 'bios_date'],
  ['bios_release', 'bios_release'],
  ['bios_vendor', 'bios_vendor'],
  ['bios_version', 'bios_version'],
  ['board_asset_tag', 'board_asset_tag'],
  ['board_name', 'board_name'],
  ['board_serial', 'board_serial'],
  ['board_vendor', 'board_vendor'],
  ['board_version', 'board_version'],
  ['chassis_asset_tag', 'chassis_asset_tag'],
  ['chassis_serial', 'chassis_serial'],
  ['chassis_vendor', 'chassis_vendor'],
  ['chassis_version', 'chassis_version'],
  ['product_family', 'product_family'],
  ['product_name', 'product_name'],
  ['product_serial', 'product_serial'],
  ['product_sku', 'product_sku'],
  ['product_uuid', 'product_uuid'],
  ['product_version', 'product_version'],
  ['system_vendor', 'sys_vendor'],
] as const

export const dmi = gauge(
  'node_dmi_info',
  'info',
  'sys/class/dmi/id',
  'What the firmware says; a label for each file that is there and may be read.',
  dmiFiles.map(([label]) => label),
)

/** The labels of node_uname_info; undefined without /proc/sys/kernel. The machine word is that of the running kernel. */
export async function readUname(proc: Tree): Promise<Labels | undefined> {
  const read = (file: string) => proc.line(`sys/kernel/${file}`)
  const [sysname, nodename, release, version, domainname] = await Promise.all(
    ['ostype', 'hostname', 'osrelease', 'version', 'domainname'].map(read),
  )
  if (sysname === undefined || nodename === undefined || release === undefined) return undefined
  return {
    sysname,
    nodename,
    release,
    version: version ?? '',
    domainname: domainname ?? '',
    machine: machine(),
  }
}

/** The labels of node_dmi_info, empty values left out; undefined on a machine without DMI. */
export async function readDmi(sys: Tree): Promise<Labels | undefined> {
  const labels: Record<string, string> = {}
  for (const [label, file] of dmiFiles) {
    const value = await readable(sys, `class/dmi/id/${file}`)
    if (value) labels[label] = value
  }
  return Object.keys(labels).length === 0 ? undefined : labels
}

async function readable(sys: Tree, path: string): Promise<string | undefined> {
  try {
    return (await sys.read(path))?.trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') return undefined // For root alone.
    throw error
  }
}
