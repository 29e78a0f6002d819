/**
 * inventory: what the machine is made of, read daily by a short-lived child (`remora inventory`, inventory-child.ts).
 * Words that vendors leave in empty fields are dropped, and with them labels and parts of which nothing is left.
 */
import { CommandError } from '../../src/errors.ts'
import { firmwareText } from '../../src/firmware-text.ts'
import { type Collector, gauge, type Labels, type Sample } from '../../src/model.ts'
import { type Inventory, parseInventory } from './inventory-report.ts'

const info = gauge(
  'node_inventory_info',
  'info',
  'system, baseboard, bios',
  'The machine, its main board and its firmware.',
  [
    'manufacturer',
    'model',
    'version',
    'serial',
    'uuid',
    'sku',
    'board_manufacturer',
    'board_model',
    'board_version',
    'board_serial',
    'bios_vendor',
    'bios_version',
    'bios_date',
  ],
)
const osInfo = gauge('node_inventory_os_info', 'info', 'osInfo', 'The distribution of the image.', [
  'distro',
  'release',
  'codename',
  'architecture',
])
const cpuInfo = gauge(
  'node_inventory_cpu_info',
  'info',
  'cpu',
  'The processors; counts of the whole machine.',
  ['manufacturer', 'brand', 'cores', 'physical_cores', 'sockets'],
)
const moduleBytes = gauge(
  'node_inventory_memory_module_bytes',
  'bytes',
  'memLayout',
  'Size of a memory module; empty slots have none. `slot` counts the slots as the firmware lists them.',
  ['slot', 'bank', 'technology', 'form_factor', 'manufacturer', 'part', 'serial'],
)
const diskInfo = gauge('node_inventory_disk_info', 'info', 'diskLayout', 'A drive the kernel shows.', [
  'device',
  'vendor',
  'model',
  'serial',
  'firmware',
  'interface',
])
const diskBytes = gauge('node_inventory_disk_size_bytes', 'bytes', 'diskLayout', 'Size of a drive.', [
  'device',
])
const networkInfo = gauge(
  'node_inventory_network_info',
  'info',
  'networkInterfaces',
  'A physical network interface.',
  ['device', 'mac'],
)

/** The samples of an inventory, in the order of its parts. */
export function* inventorySamples(inventory: Inventory): Iterable<Sample> {
  const { system, baseboard, bios, os, cpu } = inventory
  const machine = known({
    manufacturer: system.manufacturer,
    model: system.model,
    version: system.version,
    serial: system.serial,
    uuid: system.uuid,
    sku: system.sku,
    board_manufacturer: baseboard.manufacturer,
    board_model: baseboard.model,
    board_version: baseboard.version,
    board_serial: baseboard.serial,
    bios_vendor: bios.vendor,
    bios_version: bios.version,
    bios_date: bios.releaseDate,
  })
  if (Object.keys(machine).length > 0) yield { metric: info, value: 1, labels: machine }
  yield {
    metric: osInfo,
    value: 1,
    labels: known({ distro: os.distro, release: os.release, codename: os.codename, architecture: os.arch }),
  }
  yield {
    metric: cpuInfo,
    value: 1,
    labels: known({
      manufacturer: cpu.manufacturer,
      brand: cpu.brand,
      cores: count(cpu.cores),
      physical_cores: count(cpu.physicalCores),
      sockets: count(cpu.processors),
    }),
  }
  for (const [slot, module] of inventory.memory.entries()) {
    const labels = known({
      bank: module.bank,
      technology: module.type,
      form_factor: module.formFactor,
      manufacturer: module.manufacturer,
      part: module.partNum,
      serial: module.serialNum,
    })
    // Without the firmware's table systeminformation gives all memory as one nameless module.
    if (!module.size || Object.keys(labels).length === 0) continue
    yield { metric: moduleBytes, value: module.size, labels: { slot: String(slot), ...labels } }
  }
  for (const disk of inventory.disks) {
    const device = disk.device.replace(/^\/dev\//, '')
    const labels = known({
      vendor: disk.vendor,
      model: disk.name,
      serial: disk.serialNum,
      firmware: disk.firmwareRevision,
      interface: disk.interfaceType,
    })
    yield { metric: diskInfo, value: 1, labels: { device, ...labels } }
    if (disk.size) yield { metric: diskBytes, value: disk.size, labels: { device } }
  }
  for (const { iface, mac, internal, virtual } of inventory.networks) {
    const address = firmwareText(mac ?? undefined)
    if (internal || virtual || !address) continue
    yield { metric: networkInfo, value: 1, labels: { device: iface, mac: address } }
  }
}

function known(labels: Readonly<Record<string, string | null | undefined>>): Labels {
  const found: Record<string, string> = {}
  for (const [label, value] of Object.entries(labels)) {
    const text = firmwareText(value ?? undefined)
    if (text) found[label] = text
  }
  return found
}

/** A count as a label; zero is systeminformation's word for unknown. */
function count(value: number | null | undefined): string | undefined {
  return value ? String(value) : undefined
}

export const inventory: Collector = {
  name: 'inventory',
  metrics: [info, osInfo, cpuInfo, moduleBytes, diskInfo, diskBytes, networkInfo],
  schedule: '0 17 3 * * *',
  deadlineSeconds: 60,
  async *collect({ run, signal }) {
    const main = process.argv[1]
    if (main === undefined)
      throw new CommandError('Cannot run inventory: the path of this program is unknown')
    const { stdout, stderr, exitCode } = await run({
      program: process.execPath,
      args: [main, 'inventory'],
      deadlineSeconds: 60,
      key: 'inventory',
      signal,
    })
    if (exitCode !== 0)
      throw new CommandError(`Cannot run inventory: exit code ${exitCode}: ${stderr.trim().slice(-500)}`, {
        exitCode,
        stderr,
      })
    yield* inventorySamples(parseInventory(stdout.toString('utf8')))
  },
}
