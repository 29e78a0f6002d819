/** Every capture of smartctl, each with what it says: read from the file by eye. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { logsOf } from '../../../collectors/smartctl/entries.ts'
import { parseReport } from '../../../collectors/smartctl/report.ts'
import { parseScan } from '../../../collectors/smartctl/scan.ts'
import { statesOf } from '../../../collectors/smartctl/states.ts'
import { checkCaptures } from '../../captures.ts'
import { reportOf } from './drives.ts'

interface Expected {
  readonly label: string
  readonly model: string
  readonly exit?: number
  /** 1 passed; absent where the drive does not say. */
  readonly status?: number
  readonly celsius?: number
  readonly hours?: number
  readonly cycles?: number
  readonly bytes?: number
  /** Rows of the ATA attribute table. */
  readonly attributes?: number
  /** More series, by name (labels but `device` written out), and their values. */
  readonly more?: Readonly<Record<string, number>>
  /** Entries of its logs of errors and self-tests, those that are there. */
  readonly errors?: number
  readonly tests?: number
  readonly unhealthy?: readonly string[]
  /** All series, exit bits included. */
  readonly series: number
}

function drive(expected: Expected) {
  return async (path: string) => {
    const { report, series } = await reportOf(path)
    assert.equal(report.failure, undefined)
    assert.equal(report.asleep, undefined)
    assert.equal(report.label, expected.label)
    assert.equal(report.model, expected.model)
    const device = `device="${expected.label}"`
    const value = (name: string) => {
      const [own, labels] = name.split('|')
      const all = [device, ...(labels?.split(',') ?? [])].sort().join()
      return series.get(`smartctl_${own}{${all}}`)
    }
    assert.deepEqual(
      {
        exit: value('device_smartctl_exit_status'),
        status: value('device_smart_status'),
        celsius: value('device_temperature|temperature_type="current"'),
        seconds: value('device_power_on_seconds'),
        cycles: value('device_power_cycle_count'),
        bytes: value('device_capacity_bytes'),
        attributes: [...series.keys()].filter((key) => key.includes('attribute_value_type="raw"')).length,
        unhealthy: statesOf(report, () => undefined)
          .filter(({ healthy }) => !healthy)
          .map(({ part, state }) => `${part.split(':').slice(1).join(':')} ${state}`),
        errors: logsOf(report.json).find(({ kind }) => kind === 'error')?.entries.length,
        tests: logsOf(report.json).find(({ kind }) => kind === 'self_test')?.entries.length,
        series: series.size,
      },
      {
        exit: expected.exit ?? 0,
        status: expected.status,
        celsius: expected.celsius,
        seconds: expected.hours === undefined ? undefined : Math.round(expected.hours * 3600),
        cycles: expected.cycles,
        bytes: expected.bytes,
        attributes: expected.attributes ?? 0,
        unhealthy: expected.unhealthy ?? [],
        errors: expected.errors,
        tests: expected.tests,
        series: expected.series,
      },
    )
    for (const [name, number] of Object.entries(expected.more ?? {})) assert.equal(value(name), number, name)
    for (const [key, number] of series) assert.ok(Number.isFinite(number), key)
  }
}

function scan(...devices: string[]) {
  return async (path: string) => {
    const skipped: Error[] = []
    const found = parseScan(await readFile(path), (error) => skipped.push(error))
    assert.deepEqual(
      found.map(({ name, type }) => `${name} ${type}`),
      devices,
    )
    assert.deepEqual(skipped, [])
  }
}

function failed(words: string) {
  return async (path: string) => {
    const { report } = await reportOf(path)
    assert.equal(report.exitStatus, 2)
    assert.equal(report.failure, words)
  }
}

const range = (from: number, to: number, of: (index: number) => string) =>
  Array.from({ length: to - from + 1 }, (_, index) => of(from + index))

checkCaptures('smart/smartctl-json', {
  'HGST_HUS724020ALE640_28.json': drive({
    label: 'sdb',
    model: 'HGST HUS724020ALE640',
    exit: 64,
    status: 1,
    celsius: 26,
    hours: 83425,
    cycles: 81,
    bytes: 2000398934016,
    errors: 5,
    attributes: 17,
    series: 90,
    more: { 'device_error_log_count|error_log_type="summary"': 12 },
  }),
  'HITACHI_H109060SESUN600G_10.json': drive({
    label: 'sdb',
    model: 'HITACHI H109060SESUN600G',
    status: 1,
    celsius: 26,
    hours: 22364 + 52 / 60,
    cycles: 70,
    bytes: 600127266816,
    series: 30,
    more: {
      device_rotation_rate: 10020,
      scsi_grown_defect_list: 0,
      read_errors_corrected_by_eccdelayed: 40247,
      write_errors_corrected_by_eccdelayed: 26762907,
      device_bytes_read: 162_438_759_000_000,
      device_bytes_written: 127_551_260_000_000,
      'device_temperature|temperature_type="drive_trip"': 85,
    },
  }),
  'INTEL_SSDPE2KX080T8_1.json': drive({
    label: 'nvme0',
    model: 'INTEL SSDPE2KX080T8',
    status: 1,
    celsius: 29,
    hours: 12164,
    cycles: 22,
    series: 23,
    more: {
      device_nvme_capacity_bytes: 8001563222016,
      device_available_spare: 100,
      device_available_spare_threshold: 10,
      device_percentage_used: 0,
      device_critical_warning: 0,
      device_media_errors: 0,
      device_num_err_log_entries: 0,
      device_bytes_read: 20126802 * 512000,
      device_bytes_written: 184919244 * 512000,
    },
  }),
  'INTEL_SSDSC2BB016T4_sdf.json': drive({
    label: 'sdf',
    model: 'INTEL SSDSC2BB016T4',
    status: 1,
    celsius: 23,
    hours: 67329,
    cycles: 32,
    bytes: 1600321314816,
    errors: 0,
    attributes: 26,
    series: 125,
  }),
  'KXG60ZNV512G_TOSHIBA_2.json': drive({
    label: 'nvme2',
    model: 'KXG60ZNV512G TOSHIBA',
    status: 1,
    celsius: 37,
    hours: 12173,
    cycles: 30,
    bytes: 512110190592,
    series: 26,
    more: { device_percentage_used: 1, 'device_block_size|blocks_type="logical"': 4096 },
  }),
  'Micron_7450_nvme6.json': drive({
    label: 'nvme6',
    model: 'Micron_7450_MTFDKCB3T8TFR',
    status: 1,
    celsius: 27,
    hours: 150,
    cycles: 1,
    series: 23,
    more: { device_nvme_capacity_bytes: 3840755982336 },
  }),
  'SAMSUNG_MZ7WD240HAFV_21.json': drive({
    label: 'sda',
    model: 'SAMSUNG MZ7WD240HAFV-00003',
    status: 1,
    celsius: 27,
    hours: 84619,
    cycles: 6,
    bytes: 240057409536,
    errors: 0,
    attributes: 17,
    series: 89,
  }),
  'SAMSUNG_MZVL21T0HCLR_23.json': drive({
    label: 'nvme0',
    model: 'SAMSUNG MZVL21T0HCLR-00B00',
    status: 1,
    celsius: 29,
    hours: 10423,
    cycles: 6,
    bytes: 1024209543168,
    series: 26,
    more: { device_percentage_used: 16, device_bytes_written: 113662783 * 512000 },
  }),
  'SEAGATE_ST373453LC_27.json': drive({
    label: 'sda',
    model: 'SEAGATE ST373453LC',
    status: 1,
    celsius: 34,
    hours: 91691 + 24 / 60,
    bytes: 73407820800,
    series: 29,
    more: {
      read_errors_corrected_by_eccfast: 128691425,
      device_bytes_read: 157_558_954_000_000,
      'device_temperature|temperature_type="drive_trip"': 68,
    },
  }),
  'ST16000NM001G_sda.json': drive({
    label: 'sda',
    model: 'ST16000NM001G-2KK103',
    status: 1,
    celsius: 26,
    hours: 13114,
    cycles: 15,
    bytes: 16000900661248,
    errors: 0,
    attributes: 22,
    series: 110,
  }),
  'ST3500418AS_11.json': drive({
    label: 'sdb',
    model: 'ST3500418AS',
    status: 1,
    celsius: 32,
    hours: 44670,
    cycles: 26,
    bytes: 500107862016,
    errors: 0,
    attributes: 22,
    series: 109,
    more: { 'device_interface_speed|speed_type="max"': 3e9 },
  }),
  'netdata_nvme0.json': drive({
    label: 'nvme0',
    model: 'Seagate FireCuda 530 ZP4000GM30023',
    status: 1,
    celsius: 39,
    hours: 3113,
    cycles: 2,
    bytes: 4000787030016,
    series: 25,
    // It has written nothing, which the drive tells as 0, as one does that does not count.
    more: { device_num_err_log_entries: 4, device_bytes_read: 52 * 512000 },
  }),
  'netdata_sat_hdd-sda.json': drive({
    label: 'sda',
    model: 'WDC WD181KRYZ-01AGBB0',
    status: 1,
    celsius: 49,
    hours: 8244,
    cycles: 12,
    bytes: 18000207937536,
    errors: 0,
    tests: 0,
    attributes: 18,
    series: 96,
    more: { 'device_self_test_log_error_count|self_test_log_type="standard"': 0 },
  }),
  'netdata_scan_sat.json': scan('/dev/sda sat', '/dev/sdc sat'),
  'scrutiny_megaraid0.json': drive({
    label: 'sda_sat+megaraid_0',
    model: 'WD4000FYYX',
    exit: 4,
    status: 1,
    celsius: 36,
    hours: 37787,
    cycles: 70,
    bytes: 4000787030016,
    errors: 0,
    tests: 4,
    attributes: 20,
    series: 104,
    more: { 'device_self_test_log_count|self_test_log_type="standard"': 4 },
  }),
  'scrutiny_raid.json': drive({
    label: 'sdb',
    model: 'Intel Raid 1 Volume',
    exit: 4,
    bytes: 1000202043392,
    series: 15,
  }),
  'scrutiny_scan_megaraid.json': scan('/dev/bus/0 megaraid,0', '/dev/bus/0 megaraid,1'),
  'scrutiny_smart-fail.json': failed(
    'Smartctl open device: /dev/sda failed: \\\\.\\PhysicalDrive0: Open failed, Error=5',
  ),
  'telegraf_megaraid.json': drive({
    label: 'bus_6_sat+megaraid_14',
    model: 'ST6000NM0115-1YZ110',
    exit: 4,
    status: 1,
    celsius: 25,
    hours: 44316,
    cycles: 62,
    bytes: 6001175126016,
    errors: 0,
    tests: 0,
    attributes: 24,
    series: 120,
  }),
  'telegraf_scan_megaraid.json': scan(
    '/dev/sda auto',
    '/dev/sdb auto',
    '/dev/sdc sat',
    ...range(8, 14, (drive) => `/dev/bus/6 megaraid,${drive}`),
  ),
  'telegraf_scsi.json': drive({
    label: 'sdb',
    model: 'XXXX XX0000NM123',
    status: 1,
    celsius: 24,
    hours: 32978 + 46 / 60,
    bytes: 13715978077777,
    series: 30,
    more: {
      read_errors_corrected_by_rereads_rewrites: 5,
      write_errors_corrected_by_rereads_rewrites: 20,
      device_bytes_read: 315_926_142_000_000,
    },
  }),
})

checkCaptures('smart/smartctl-text', {
  'check_raid_cciss.7.txt': 'not read: smartctl text',
  'glpi_sample1.txt': 'not read: smartctl text',
  'glpi_sample5.txt': 'not read: smartctl text',
})

const lab = join(
  process.env.REMORA_CAPTURES ?? join(import.meta.dirname, '../../../../shared/captures'),
  'lab',
)

test('smartctl of the virtual machine is read as its rows say', async (t) => {
  if (!existsSync(lab)) return t.diagnostic('no captures here: 0 of smartctl in lab checked')
  const rows = {
    'smartctl-scan.json': scan(
      ...[...'abcdefg'].map((letter) => `/dev/sd${letter} auto`),
      ...[512, 256, 0].map((drive) => `/dev/bus/5 megaraid,${drive}`),
      '/dev/nvme0 nvme',
    ),
    // Three runs, one after the other.
    'smartctl-megaraid0.json': async (path: string) => {
      const runs = (await readFile(path, 'utf8')).split(/\n(?=\{)/)
      assert.deepEqual(
        runs.map((run) => parseReport({ name: '/dev/sda', type: 'megaraid,0' }, run, 0).failure),
        ['00', '01', '02'].map(
          (disk) => `Smartctl open device: /dev/sda [megaraid_disk_${disk}] failed: INQUIRY failed`,
        ),
      )
    },
    'smartctl-nvme.json': drive({
      label: 'nvme0',
      model: 'QEMU NVMe Ctrl',
      status: 1,
      celsius: 50,
      hours: 0,
      cycles: 0,
      series: 21,
      more: { device_available_spare: 0, device_bytes_read: 5 * 512000 },
    }),
    'smartctl-sda-mega.json': drive({
      label: 'sda',
      model: 'QEMU QEMU HARDDISK',
      exit: 4,
      bytes: 268435456,
      series: 13,
    }),
  }
  for (const [name, row] of Object.entries(rows)) await t.test(name, () => row(join(lab, name)))
  console.log(`lab: ${Object.keys(rows).length} captures of smartctl checked`)
})
