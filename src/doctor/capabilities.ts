/**
 * Capabilities that this process lacks of those which enabled collectors need; systemd/remora.service grants all of them.
 * @see capabilities(7), proc_pid_status(5)
 */
import type { Tree } from '../tree.ts'
import { type Finding, ok, unknown, warning } from './finding.ts'

/** Their bits. @see Linux include/uapi/linux/capability.h */
const bits = {
  CAP_DAC_OVERRIDE: 1n,
  CAP_DAC_READ_SEARCH: 2n,
  CAP_SYS_RAWIO: 17n,
  CAP_SYS_PTRACE: 19n,
  CAP_SYS_ADMIN: 21n,
  CAP_SYSLOG: 34n,
} as const

export type Capability = keyof typeof bits

/** For all there is to read. */
export const needed: Readonly<Record<string, readonly Capability[]>> = {
  kmsg: ['CAP_SYSLOG'],
  raid: ['CAP_SYS_ADMIN', 'CAP_SYS_RAWIO'], // Vendors' tools speak to controllers by ioctl.
  smartctl: ['CAP_SYS_ADMIN', 'CAP_SYS_RAWIO'], // NVMe admin commands; ATA through SCSI.
  nvmecli: ['CAP_SYS_ADMIN'],
  root: ['CAP_SYS_PTRACE'], // The mounts of process 1.
  journald: ['CAP_DAC_READ_SEARCH'],
  files: ['CAP_DAC_READ_SEARCH'],
  pstore: ['CAP_DAC_OVERRIDE'], // It unlinks what others own.
}

/** @param collectors those that are enabled */
export async function checkCapabilities(proc: Tree, collectors: readonly string[]): Promise<Finding[]> {
  const check = 'capabilities'
  const hex = /^CapEff:\s+([0-9a-f]{1,16})$/m.exec((await proc.read('self/status')) ?? '')?.[1]
  if (hex === undefined) return [unknown(check, 'those of this process are not in /proc/self/status')]
  const has = (capability: Capability) => ((BigInt(`0x${hex}`) >> bits[capability]) & 1n) === 1n
  const lacking = new Map<Capability, string[]>()
  for (const name of collectors)
    for (const capability of needed[name] ?? [])
      if (!has(capability)) lacking.set(capability, [...(lacking.get(capability) ?? []), name])
  if (lacking.size === 0) return [ok(check, 'this process has all that the enabled collectors need')]
  const words = [...lacking].map(([capability, names]) => `${capability} (${names.join(', ')})`)
  return [
    warning(
      check,
      `this process lacks ${words.join(', ')}: some of what is there cannot be read`,
      'run it as root, or with what systemd/remora.service grants',
    ),
  ]
}
