import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deviceLabel, parseReport } from '../../../collectors/smartctl/report.ts'
import { merged, parseScan, parseVersion } from '../../../collectors/smartctl/scan.ts'
import { fixture, reportOf, sda } from './drives.ts'

const attribute = (name: string, short: string, long: string, type: string, id: number) =>
  `smartctl_device_attribute{attribute_flags_long="${long}",attribute_flags_short="${short}",attribute_id="${id}",attribute_name="${name}",attribute_value_type="${type}",device="sda"}`

test('smartctl of an ATA drive gives the exporter’s series with its labels', async () => {
  const { report, series } = await reportOf(fixture('ata-hdd.json'))
  assert.equal(report.exitStatus, 64)
  assert.equal(report.failure, undefined)
  const expected: [string, number][] = [
    [
      'smartctl_device{ata_additional_product_id="unknown",ata_version="ACS-3 T13/2161-D revision 5",device="sda",firmware_version="EX02",form_factor="3.5 inches",interface="sat",model_family="Example Nearline 8",model_name="EX8000NM0001",protocol="ATA",sata_version="SATA 3.1",scsi_product="",scsi_revision="",scsi_vendor="",scsi_version="",serial_number="ZEX00A01"}',
      1,
    ],
    ['smartctl_device_smartctl_exit_status{device="sda"}', 64],
    ['smartctl_device_smart_status{device="sda"}', 1],
    ['smartctl_device_state{device="sda"}', 0],
    ['smartctl_device_power_on_seconds{device="sda"}', 20112 * 3600],
    ['smartctl_device_power_cycle_count{device="sda"}', 33],
    ['smartctl_device_rotation_rate{device="sda"}', 7200],
    ['smartctl_device_interface_speed{device="sda",speed_type="max"}', 6e9],
    ['smartctl_device_interface_speed{device="sda",speed_type="current"}', 3e9],
    ['smartctl_device_capacity_blocks{device="sda"}', 15628053168],
    ['smartctl_device_capacity_bytes{device="sda"}', 8001563222016],
    ['smartctl_device_block_size{blocks_type="logical",device="sda"}', 512],
    ['smartctl_device_block_size{blocks_type="physical",device="sda"}', 4096],
    ['smartctl_device_temperature{device="sda",temperature_type="current"}', 41],
    ['smartctl_device_temperature{device="sda",temperature_type="op_limit_max"}', 60],
    ['smartctl_device_temperature{device="sda",temperature_type="over_limit_count"}', 241],
    ['smartctl_device_error_log_count{device="sda",error_log_type="extended"}', 3],
    ['smartctl_device_self_test_log_count{device="sda",self_test_log_type="extended"}', 3],
    ['smartctl_device_self_test_log_error_count{device="sda",self_test_log_type="extended"}', 1],
    ['smartctl_device_erc_seconds{device="sda",op_type="read"}', 7],
    ['smartctl_device_erc_seconds{device="sda",op_type="write"}', 6.5],
    [
      attribute(
        'Reallocated_Sector_Ct',
        'PO--CK',
        'prefailure,updated_online,event_count,auto_keep',
        'raw',
        5,
      ),
      8,
    ],
    [
      attribute(
        'Reallocated_Sector_Ct',
        'PO--CK',
        'prefailure,updated_online,event_count,auto_keep',
        'thresh',
        5,
      ),
      10,
    ],
    [attribute('Power_On_Hours', '-O--CK', 'updated_online,event_count,auto_keep', 'value', 9), 81],
    [attribute('Temperature_Celsius', '-O--CK', 'updated_online,event_count,auto_keep', 'worst', 194), 55],
    [
      'smartctl_device_statistics{device="sda",statistic_flags_long="valid",statistic_flags_short="V---",statistic_name="Logical Sectors Written",statistic_table="General Statistics"}',
      918273645,
    ],
    [
      'smartctl_device_statistics{device="sda",statistic_flags_long="valid",statistic_flags_short="V---",statistic_name="Lowest Temperature",statistic_table="Temperature Statistics"}',
      -3,
    ],
    [
      'smartctl_device_statistics{device="sda",statistic_flags_long="valid",statistic_flags_short="V---",statistic_name="Command failed due to ICRC error",statistic_table="SATA PHY Event Counters"}',
      1,
    ],
  ]
  for (const [key, value] of expected) assert.equal(series.get(key), value, key)
  const bits = [...series].filter(([key, value]) => key.startsWith('smartctl_device_exit_bit') && value === 1)
  assert.deepEqual(bits, [['smartctl_device_exit_bit{bit="error_log",device="sda"}', 1]])
  // 4 attributes of 4 values, 6 statistics, 9 temperatures, 8 bits, 18 of one value each.
  assert.equal(series.size, 16 + 6 + 9 + 8 + 18)
})

test('smartctl of a SAS drive behind a controller gives the SCSI counters', async () => {
  const { report, series } = await reportOf(fixture('sas-megaraid.json'))
  assert.equal(report.label, 'bus_2_megaraid_4')
  const of = (name: string, more = '') => series.get(`smartctl_${name}{${more}device="bus_2_megaraid_4"}`)
  assert.equal(of('scsi_grown_defect_list'), 5)
  assert.equal(of('read_errors_corrected_by_eccfast'), 4000)
  assert.equal(of('read_errors_corrected_by_eccdelayed'), 17)
  assert.equal(of('read_errors_corrected_by_rereads_rewrites'), 2)
  assert.equal(of('read_total_uncorrected_errors'), 1)
  assert.equal(of('write_errors_corrected_by_rereads_rewrites'), 3)
  assert.equal(of('write_total_uncorrected_errors'), 0)
  assert.equal(of('device_bytes_read'), 41_872_553_000_000)
  assert.equal(of('device_bytes_written'), 9_911_002_000_000)
  assert.equal(of('device_power_cycle_count'), 88)
  assert.equal(of('device_power_on_seconds'), 30211 * 3600 + 15 * 60)
  assert.equal(
    series.get('smartctl_device_temperature{device="bus_2_megaraid_4",temperature_type="drive_trip"}'),
    60,
  )
  assert.equal(series.size, 31)
})

test('smartctl of an NVMe drive gives its health', async () => {
  const { series } = await reportOf(fixture('nvme.json'))
  const of = (name: string) => series.get(`smartctl_device_${name}{device="nvme0"}`)
  assert.equal(of('available_spare'), 100)
  assert.equal(of('available_spare_threshold'), 10)
  assert.equal(of('percentage_used'), 3)
  assert.equal(of('critical_warning'), 0)
  assert.equal(of('media_errors'), 0)
  assert.equal(of('num_err_log_entries'), 12)
  assert.equal(of('bytes_read'), 1_024_000_000_000)
  assert.equal(of('bytes_written'), 2_560_000_000_000)
  assert.equal(of('nvme_capacity_bytes'), 3840755982336)
  assert.equal(series.size, 28)
})

test('smartctl values that no drive can have are no samples', async () => {
  const { series } = await reportOf(fixture('nvme-absurd.json'))
  const names = [...series.keys()]
    .map((key) => key.replace(/\{.*/, ''))
    .filter((name) => !name.endsWith('_bit'))
  assert.deepEqual(names.sort(), [
    'smartctl_device',
    'smartctl_device_block_size',
    'smartctl_device_smart_status',
    'smartctl_device_smartctl_exit_status',
  ])
})

test('smartctl of a drive that is asleep, or cannot be opened, is told apart from one that is read', async () => {
  const asleep = (await reportOf(fixture('standby.json'))).report
  assert.deepEqual([asleep.asleep, asleep.failure, asleep.label], ['standby', undefined, 'sdb'])
  const failed = (await reportOf(fixture('open-failed.json'))).report
  assert.deepEqual(
    [failed.asleep, failed.failure],
    [undefined, 'Smartctl open device: /dev/sdb [SAT] failed: No such device'],
  )
  const said = (status: number) =>
    parseReport(sda, JSON.stringify({ smartctl: { exit_status: status } }), 0).failure
  assert.equal(said(1), 'smartctl did not understand its command line')
  assert.equal(said(2), 'the device cannot be opened')
  // Bit 2 is a command that failed among many, bits 3 to 7 are states of the drive.
  for (const status of [4, 8, 16, 32, 64, 128, 252]) assert.equal(said(status), undefined)
})

test('smartctl devices are named as the exporter names them', () => {
  const label = (name: string, type = 'auto') => deviceLabel({ name, type })
  assert.equal(label('/dev/sda'), 'sda')
  assert.equal(label('/dev/disk/by-id/ata-EX1', 'sat'), 'ata-EX1')
  assert.equal(label('/dev/bus/0', 'sat+megaraid,12'), 'bus_0_sat+megaraid_12')
  assert.equal(label('/dev/sg3', 'areca,4/2'), 'sg3_areca_4/2')
})

test('smartctl scans list each device once, and plain SCSI ones as auto', () => {
  const devices = [
    { name: '/dev/sda', type: 'scsi' },
    { name: '/dev/sda', type: 'scsi' },
    { name: '/dev/bus/0', type: 'megaraid,1' },
    { name: '--evil', type: 'scsi' },
    { name: '/dev/sdb', type: '-x' },
    { type: 'scsi' },
    'junk',
  ]
  const skipped: string[] = []
  const found = parseScan(JSON.stringify({ smartctl: {}, devices }), (error) => skipped.push(error.message))
  assert.deepEqual(found, [
    { name: '/dev/sda', type: 'auto' },
    { name: '/dev/bus/0', type: 'megaraid,1' },
  ])
  assert.deepEqual(skipped, [
    'Cannot read the device "--evil" of type "scsi": no such name or type',
    'Cannot read the device "/dev/sdb" of type "-x": no such name or type',
    'Cannot read the device "" of type "scsi": no such name or type',
  ])
  assert.deepEqual(merged([sda, sda]), [sda])
})

test('smartctl versions are read from the first line', () => {
  assert.deepEqual(parseVersion('smartctl 6.6 2017-11-05 r4594 [x86_64]\n'), [6, 6])
  assert.deepEqual(parseVersion('smartctl pre-7.5 2024-01-01\n'), [7, 5])
  assert.equal(parseVersion('bash: smartctl: oops'), undefined)
})

test('smartctl output that is not its JSON is refused by name', () => {
  const refused = (output: string | Buffer, words: RegExp) =>
    assert.throws(() => parseReport(sda, output, 0), { name: 'ParseError', message: words })
  refused('', /^Cannot parse smartctl of \/dev\/sda \[auto\]: it printed nothing, not JSON$/)
  refused('smartctl: not found\n', /no whole JSON object$/)
  refused('{"smartctl": {"exit_status": 0}, "dev', /no whole JSON object$/)
  refused('[1]', /no whole JSON object$/)
  refused('{"a":1}', /JSON without the key "smartctl"$/)
  refused(Buffer.from([0, 255, 123, 0, 125]), /no whole JSON object$/)
  refused('{'.repeat(2_000_000), /no whole JSON object$/)
})
