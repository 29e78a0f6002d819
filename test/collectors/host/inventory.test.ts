import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { inventory, inventorySamples } from '../../../collectors/host/inventory.ts'
import { parseInventory } from '../../../collectors/host/inventory-report.ts'
import { CommandError, ParseError } from '../../../src/errors.ts'
import { seriesKey } from '../../../src/model.ts'
import { collectOnce, contextOf } from '../context.ts'

const project = join(import.meta.dirname, '../../..')
const fixture = (name: string) =>
  readFile(join(project, 'test/fixtures/host/inventory', `${name}.json`), 'utf8')
const childPath = join(project, 'collectors/host/inventory-child.ts')

test('inventory names the parts of a storage node', async () => {
  const samples = [...inventorySamples(parseInventory(await fixture('storage-node')))]
  const series = samples.map(({ metric, labels, value }) => `${seriesKey(metric.name, labels)} ${value}`)
  assert.deepEqual(series, [
    'node_inventory_info{bios_date="2025-03-14",bios_vendor="American Megatrends International, LLC.",bios_version="3.4",board_manufacturer="Supermicro",board_model="X12DPi-N6",board_serial="WM23AS001234",board_version="1.02",manufacturer="Supermicro",model="SSG-640P-E1CR36H",serial="S400321X3A01234",uuid="4c4c4544-0042-3510-8052-b4c04f4a3132"} 1',
    'node_inventory_os_info{architecture="x64",codename="trixie",distro="Debian GNU/Linux",release="13"} 1',
    'node_inventory_cpu_info{brand="Xeon® Silver 4314",cores="64",manufacturer="Intel",physical_cores="32",sockets="2"} 1',
    'node_inventory_memory_module_bytes{bank="P0_Node0_Channel0_Dimm0",form_factor="DIMM",manufacturer="Samsung",part="M393A4K40DB3-CWE",serial="S0123ABC",slot="0",technology="DDR4"} 34359738368',
    'node_inventory_memory_module_bytes{bank="P0_Node0_Channel1_Dimm0",form_factor="DIMM",manufacturer="Samsung",part="M393A4K40DB3-CWE",serial="S0123ABD",slot="2",technology="DDR4"} 34359738368',
    'node_inventory_disk_info{device="sda",firmware="E002",interface="SAS",model="ST18000NM004J",serial="ZR5001AB",vendor="Seagate"} 1',
    'node_inventory_disk_size_bytes{device="sda"} 18000207937536',
    'node_inventory_disk_info{device="nvme0n1",interface="PCIe",model="SAMSUNG MZQL23T8HCLS",serial="S64HNE0T500001",vendor="Samsung"} 1',
    'node_inventory_disk_size_bytes{device="nvme0n1"} 3840755982336',
    'node_inventory_network_info{device="enp1s0f0",mac="3c:ec:ef:00:11:22"} 1',
  ])
  for (const { metric, labels } of samples) {
    assert.ok(inventory.metrics.includes(metric))
    for (const label of Object.keys(labels))
      assert.ok(metric.labels.includes(label), `${metric.name}: ${label}`)
  }
})

test('inventory leaves out what a bare virtual machine does not tell', async () => {
  const samples = [...inventorySamples(parseInventory(await fixture('bare-virtual-machine')))]
  assert.deepEqual(
    samples.map(({ metric, labels }) => seriesKey(metric.name, labels)),
    [
      'node_inventory_os_info{architecture="x64",codename="bookworm",distro="Debian GNU/Linux",release="12"}',
      'node_inventory_cpu_info{brand="EPYC",cores="2",manufacturer="AMD",physical_cores="2"}',
    ],
  )
})

test('inventory runs this program once, as a child with a deadline', async () => {
  const commands: unknown[] = []
  const stdout = Buffer.from(await fixture('storage-node'))
  const context = contextOf({
    run: async ({ signal, ...command }) => {
      commands.push(command)
      return { stdout, stderr: '', exitCode: 0 }
    },
  })
  const { series } = await collectOnce(inventory, context)
  assert.equal(series.size, 10)
  assert.deepEqual(commands, [
    {
      program: process.execPath,
      args: [process.argv[1], 'inventory'],
      deadlineSeconds: 60,
      key: 'inventory',
    },
  ])
})

test('inventory fails when its child does', async () => {
  const failing = contextOf({
    run: async () => ({ stdout: Buffer.alloc(0), stderr: 'no such thing\n', exitCode: 3 }),
  })
  await assert.rejects(
    collectOnce(inventory, failing),
    (error) =>
      error instanceof CommandError && error.message === 'Cannot run inventory: exit code 3: no such thing',
  )
})

test('inventory refuses what is not its JSON', () => {
  assert.throws(() => parseInventory('Segmentation fault'), ParseError)
  assert.throws(() => parseInventory('{"system":{}}'), {
    name: 'ParseError',
    message: 'Cannot parse inventory: baseboard: Invalid input: expected object, received undefined',
  })
})

test('inventory of this machine, read by a real child, has the right shape', {
  timeout: 60_000,
}, async () => {
  const source = `import { printInventory } from ${JSON.stringify(childPath)}; await printInventory()`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', source])
  const samples = [...inventorySamples(parseInventory(stdout))]
  const names = new Set(samples.map(({ metric }) => metric.name))
  assert.ok(names.has('node_inventory_os_info'))
  assert.ok(names.has('node_inventory_cpu_info'))
})

test('inventory never loads systeminformation with the list of collectors', async () => {
  const loaded = async (last: string) => {
    const source = `import { createRequire } from 'node:module'
      import ${JSON.stringify(join(project, 'collectors/all.ts'))}
      import { readInventory } from ${JSON.stringify(childPath)}
      ${last}
      const cache = Object.keys(createRequire(${JSON.stringify(childPath)}).cache)
      console.log(cache.filter((path) => path.includes('/systeminformation/')).length)`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', source])
    return Number(stdout)
  }
  assert.equal(await loaded(''), 0)
  assert.ok((await loaded('await readInventory()')) > 5, 'the test sees the module where it is loaded')
})
