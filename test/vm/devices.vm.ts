/**
 * Devices fail under a running agent and come back. A disk of an array and an NVMe drive are pulled out of the machine; the
 * port of the RDMA device loses its link and is then switched off. Each change is one event at the receiver.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type LokiReceiver, startLoki } from '../src/forwarders/loki-receiver.ts'
import { configOf } from './config.ts'
import { type Machine, startMachine } from './machine.ts'
import { scrape, until } from './wait.ts'

const patienceSeconds = 600

test('devices: md failure and rebuild, NVMe warning and loss, RDMA port down are one event each', async (t) => {
  await using loki = await startLoki()
  const settings = JSON.parse(configOf({ loki: loki.url }))
  // Drives are asked more often than every quarter of an hour.
  const config = JSON.stringify({ ...settings, collectors: { smartctl: { schedule: '*/30 * * * * *' } } })
  await using machine = await startMachine({ config })
  await failArray(machine, loki)
  await failNvme(machine, loki)
  await failPort(machine, loki)
  // What a further reading told is before this mark.
  await scrape(machine, 'md', 'infiniband')
  await machine.run('echo "<6>all was read" > /dev/kmsg')
  await until('the mark', () => loki.stored().some(({ line }) => line === 'all was read'), patienceSeconds)

  for (const { line, metadata } of loki.stored())
    if (/^(raid|nvme|drive|infiniband)\./.test(metadata.event_name ?? ''))
      t.diagnostic(`${metadata.event_name} ${metadata.part}: ${metadata.from} > ${metadata.to}: ${line}`)
  assert.deepEqual(told(loki, 'raid.array'), [
    'raid:md:md:array:md0: optimal > degraded',
    'raid:md:md:array:md0: degraded > rebuilding',
    'raid:md:md:array:md0: rebuilding > optimal',
  ])
  // Whether a reading met the pulled disk before md let go of it is chance; nothing is said twice.
  const ofDrives = told(loki, 'raid.drive')
  assert.equal(new Set(ofDrives).size, ofDrives.length, ofDrives.join())
  assert.deepEqual(told(loki, 'drive.nvme_warning'), ['NVME0:nvme_warning:reliability: off > on'])
  assert.deepEqual(told(loki, 'drive.health'), ['NVME0:health: passed > failing'])
  assert.deepEqual(told(loki, 'nvme.controller'), ['NVME0:controller:0: live > gone'])
  const port = /^(ib:[0-9a-f]{16}:1:port): /.exec(told(loki, 'infiniband.port')[0] ?? '')?.[1]
  assert.deepEqual(told(loki, 'infiniband.port'), [
    `${port}: active > down`,
    `${port}: down > active`,
    `${port}: active > disabled`,
  ])
})

/** Part, former and new state of each such event, as the receiver has them, in their order. */
function told(loki: LokiReceiver, event: string): string[] {
  return loki
    .stored()
    .filter(({ metadata }) => metadata.event_name === event)
    .sort((a, b) => Number(a.time - b.time))
    .map(({ metadata: { part, from, to } }) => `${part}: ${from} > ${to}`)
}

/** Waits for an event; what is cheap to read is read meanwhile. */
function tells(machine: Machine, loki: LokiReceiver, event: string, change: string): Promise<boolean> {
  return until(
    `${event} ${change}`,
    async () => {
      await scrape(machine, 'md', 'infiniband')
      return told(loki, event).some((one) => one.endsWith(change))
    },
    patienceSeconds,
  )
}

/** Waits until a scrape has the line: a part that is well when it is first read makes no event. */
function knows(machine: Machine, collector: string, line: RegExp): Promise<boolean> {
  return until(`${line}`, async () => line.test(await scrape(machine, collector)), patienceSeconds)
}

async function failArray(machine: Machine, loki: LokiReceiver): Promise<void> {
  const disk = (name: string) => `/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_${name}`
  await machine.run(
    `udevadm settle; mdadm --create /dev/md0 --run --level=1 --raid-devices=2 --assume-clean ${disk('md0')} ${disk('md1')}`,
  )
  await knows(machine, 'md', /^raid_array_state\{[^}]*array="md0"[^}]*state="optimal"[^}]*\} 1$/m)
  await machine.monitor('device_del', { id: 'md1' })
  await tells(machine, loki, 'raid.array', 'degraded')
  // So slow that a reading meets it.
  await machine.run('cd /proc/sys/dev/raid; echo 400 > speed_limit_min; echo 400 > speed_limit_max')
  const again = { driver: 'scsi-hd', id: 'md1', bus: 'scsi.0', drive: 'md1', serial: 'md1' }
  await machine.monitor('device_add', again)
  await machine.run(
    `until test -e ${disk('md1')}; do sleep 1; done; udevadm settle
     mdadm /dev/md0 --remove detached; mdadm --zero-superblock ${disk('md1')}; mdadm /dev/md0 --add ${disk('md1')}`,
  )
  await tells(machine, loki, 'raid.array', 'rebuilding')
  await machine.run('echo 200000 > /proc/sys/dev/raid/speed_limit_max')
  await tells(machine, loki, 'raid.array', 'optimal')
}

async function failNvme(machine: Machine, loki: LokiReceiver): Promise<void> {
  await knows(machine, 'nvme', /^node_nvme_info\{[^}]*serial="NVME0"[^}]*state="live"[^}]*\} 1$/m)
  await knows(machine, 'smartctl', /^smartctl_device_critical_warning\{[^}]*\} 0$/m)
  const path = '/machine/peripheral/nvme'
  await machine.monitor('qom-set', { path, property: 'smart_critical_warning', value: 4 })
  await tells(machine, loki, 'drive.nvme_warning', 'on')
  await machine.monitor('device_del', { id: 'nvme' })
  await tells(machine, loki, 'nvme.controller', 'gone')
}

/** The second network card is for RDMA alone. */
async function failPort(machine: Machine, loki: LokiReceiver): Promise<void> {
  await knows(machine, 'infiniband', /^node_infiniband_state_id\{device="rxe0",port="1"\} 4$/m)
  await machine.monitor('set_link', { name: 'fabric', up: false })
  await tells(machine, loki, 'infiniband.port', 'active > down')
  await machine.monitor('set_link', { name: 'fabric', up: true })
  await tells(machine, loki, 'infiniband.port', 'down > active')
  await machine.run('ip link set eth1 down')
  await tells(machine, loki, 'infiniband.port', 'active > disabled')
}
