/**
 * Who this node is. Stateless images clone /etc/machine-id or change it at every boot, so a node is named by the
 * first part of a configured list that this machine has: hostname, DMI product UUID or serial, first MAC address.
 * Reads /proc/sys/kernel/{hostname,random/boot_id}, /sys/class/dmi/id (root only), /sys/class/net/<interface>/address.
 * @see Linux Documentation/admin-guide/sysctl/kernel.rst, Documentation/ABI/testing/sysfs-class-net
 */
import type { Config } from './config-schema.ts'
import { describe } from './errors.ts'
import { firmwareText } from './firmware-text.ts'
import type { Tree } from './tree.ts'

export interface NodeIdentity {
  /** The configured name, or the first identity found; `unknown` when there is none. */
  readonly name: string
  /** The kernel's UUID of this boot; `unknown` without /proc. */
  readonly bootId: string
  /** As the kernel says it; empty without /proc. */
  readonly hostname: string
  /** What an operator should know: no identity was found, a file could not be read. */
  readonly warnings: readonly string[]
}

export interface NodeTrees {
  readonly sys: Tree
  readonly proc: Tree
}

/** Every image without a name of its own has one of these. */
const nameless = new Set([
  'localhost',
  'localhost.localdomain',
  'localhost4',
  'localhost4.localdomain4',
  'localhost6',
  'localhost6.localdomain6',
  '(none)',
])

/** Finds the node's name. Never throws: what cannot be read is no identity, and says so in `warnings`. */
export async function nodeIdentity(config: Config['node'], trees: NodeTrees): Promise<NodeIdentity> {
  const warnings: string[] = []
  const attempt = async (what: string, read: () => Promise<string | undefined>) => {
    try {
      return await read()
    } catch (error) {
      warnings.push(`Cannot read ${what}: ${describe(error)}`)
      return undefined
    }
  }
  const hostname = (await attempt('hostname', () => trees.proc.line('sys/kernel/hostname'))) ?? ''
  const bootId = (await attempt('boot id', () => trees.proc.line('sys/kernel/random/boot_id'))) || 'unknown'
  const identities = {
    hostname: async () => (nameless.has(hostname.toLowerCase()) ? undefined : hostname),
    product_uuid: async () => firmwareText(await trees.sys.read('class/dmi/id/product_uuid')),
    product_serial: async () => firmwareText(await trees.sys.read('class/dmi/id/product_serial')),
    mac: () => firstMac(trees.sys),
  }
  if (config.name !== undefined) return { name: config.name, bootId, hostname, warnings }
  for (const kind of config.identity) {
    const name = await attempt(kind, identities[kind])
    if (name) return { name, bootId, hostname, warnings }
  }
  warnings.push(
    `Cannot name this node by ${config.identity.join(', ')}: none is here; it is called "unknown" until node.name is set`,
  )
  return { name: 'unknown', bootId, hostname, warnings }
}

/** The address of the first interface by name that is hardware (has a `device`); undefined without one. */
async function firstMac(sys: Tree): Promise<string | undefined> {
  for (const name of await sys.list('class/net')) {
    if (!(await sys.exists(`class/net/${name}/device`))) continue
    const address = await sys.line(`class/net/${name}/address`)
    if (address && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(address) && address !== '00:00:00:00:00:00')
      return address
  }
  return undefined
}
