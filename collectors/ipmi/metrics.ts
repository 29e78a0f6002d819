/**
 * Sensors, the log and the BMC itself, with the names, types and labels of ipmi_exporter. What has no value is no sample,
 * where that exporter gives NaN.
 * @see github.com/prometheus-community/ipmi_exporter docs/metrics.md
 */
import { deFacto, type Metric, type Sample, type Unit } from '../../src/model.ts'
import type { BmcInfo, Chassis, SelInfo } from './freeipmi.ts'
import type { SelEntry, Sensor, SensorState } from './report.ts'

const ofSensor = ['id', 'name']
const known = (name: string, unit: Unit, help: string, labels: readonly string[] = []) =>
  deFacto(name, 'gauge', unit, 'FreeIPMI, ipmitool', help, labels)

const up = known('ipmi_up', 'none', '1 when this part of what the BMC knows was read in the last run.', [
  'collector',
])
const sensorState = known(
  'ipmi_sensor_state',
  'none',
  'State of a sensor of any other kind: 0 nominal, 1 warning, 2 critical.',
  [...ofSensor, 'type'],
)
const sensorValue = known('ipmi_sensor_value', 'none', 'Value of a sensor of any other kind.', [
  ...ofSensor,
  'type',
])
const temperature = known('ipmi_temperature_celsius', 'celsius', 'Temperature.', ofSensor)
const temperatureState = known(
  'ipmi_temperature_state',
  'none',
  'State of a temperature: 0 nominal, 1 warning, 2 critical.',
  ofSensor,
)
const fan = known('ipmi_fan_speed_rpm', 'none', 'Speed of a fan, rotations per minute.', ofSensor)
const fanRatio = known('ipmi_fan_speed_ratio', 'ratio', 'Speed of a fan, of its most.', ofSensor)
const fanState = known(
  'ipmi_fan_speed_state',
  'none',
  'State of a fan: 0 nominal, 1 warning, 2 critical.',
  ofSensor,
)
const voltage = known('ipmi_voltage_volts', 'volts', 'Voltage.', ofSensor)
const voltageState = known(
  'ipmi_voltage_state',
  'none',
  'State of a voltage: 0 nominal, 1 warning, 2 critical.',
  ofSensor,
)
const current = known('ipmi_current_amperes', 'none', 'Current, amperes.', ofSensor)
const currentState = known(
  'ipmi_current_state',
  'none',
  'State of a current: 0 nominal, 1 warning, 2 critical.',
  ofSensor,
)
const power = known('ipmi_power_watts', 'none', 'Power as a sensor has it, watts.', ofSensor)
const powerState = known(
  'ipmi_power_state',
  'none',
  'State of a power sensor: 0 nominal, 1 warning, 2 critical.',
  ofSensor,
)
const dcmi = known(
  'ipmi_dcmi_power_consumption_watts',
  'none',
  'Power that the node takes now, by DCMI, watts.',
)
const bmc = known('ipmi_bmc_info', 'info', 'Firmware of the BMC and of the system.', [
  'firmware_revision',
  'manufacturer_id',
  'system_firmware_version',
])
const chassisPower = known('ipmi_chassis_power_state', 'none', '1 when the chassis has power on.')
const driveFault = known(
  'ipmi_chassis_drive_fault_state',
  'none',
  '1 when the chassis sees no fault of a drive, as ipmi_exporter has it.',
)
const coolingFault = known(
  'ipmi_chassis_cooling_fault_state',
  'none',
  '1 when the chassis sees no fault of its cooling, as ipmi_exporter has it.',
)
const logs = known('ipmi_sel_logs_count', 'none', 'Entries in the system event log.')
const free = known('ipmi_sel_free_space_bytes', 'bytes', 'Room for new entries in the system event log.')
const byState = known(
  'ipmi_sel_events_count_by_state',
  'none',
  'Entries in the system event log, by state.',
  ['state'],
)

export const metrics: readonly Metric[] = [
  up,
  sensorState,
  sensorValue,
  temperature,
  temperatureState,
  fan,
  fanRatio,
  fanState,
  voltage,
  voltageState,
  current,
  currentState,
  power,
  powerState,
  dcmi,
  bmc,
  chassisPower,
  driveFault,
  coolingFault,
  logs,
  free,
  byState,
]

const levels: Readonly<Record<SensorState, number | undefined>> = {
  nominal: 0,
  warning: 1,
  critical: 2,
  unknown: undefined,
}

export function* sensorSamples(sensors: readonly Sensor[]): Generator<Sample> {
  for (const { id, name, type, state, value, units } of sensors) {
    const [valueMetric, stateMetric, scale] = metricsFor(type, units)
    const labels = valueMetric === sensorValue ? { id, name, type } : { id, name }
    if (value !== undefined) yield { metric: valueMetric, value: value * scale, labels }
    const level = levels[state]
    if (level !== undefined) yield { metric: stateMetric, value: level, labels }
  }
}

function metricsFor(type: string, units: string): readonly [value: Metric, state: Metric, scale: number] {
  if (units === 'RPM') return [fan, fanState, 1]
  if (units === 'C' || units === 'F')
    return units === 'C' ? [temperature, temperatureState, 1] : [sensorValue, sensorState, 1]
  if (units === 'A') return [current, currentState, 1]
  if (units === 'V') return [voltage, voltageState, 1]
  if (units === 'W') return [power, powerState, 1]
  return units === '%' && type === 'Fan' ? [fanRatio, fanState, 0.01] : [sensorValue, sensorState, 1]
}

/** What one part of the BMC is called by ipmi_exporter. */
export type Part = 'ipmi' | 'sel' | 'dcmi' | 'bmc' | 'chassis'

export function upSample(part: Part, isUp: boolean): Sample {
  return { metric: up, value: Number(isUp), labels: { collector: part } }
}

export function* selSamples(
  entries: readonly SelEntry[],
  { entries: count, freeBytes }: SelInfo,
  tellsStates: boolean,
): Generator<Sample> {
  yield { metric: logs, value: count ?? entries.length, labels: {} }
  if (freeBytes !== undefined) yield { metric: free, value: freeBytes, labels: {} }
  if (!tellsStates) return
  for (const [state, word] of [
    ['nominal', 'Nominal'],
    ['warning', 'Warning'],
    ['critical', 'Critical'],
  ] as const)
    yield {
      metric: byState,
      value: entries.filter((entry) => entry.state === state).length,
      labels: { state: word },
    }
}

export function* bmcSamples({ firmware, manufacturer, systemFirmware }: BmcInfo): Generator<Sample> {
  const labels = {
    firmware_revision: firmware,
    manufacturer_id: manufacturer,
    system_firmware_version: systemFirmware,
  }
  yield { metric: bmc, value: 1, labels }
}

export function* chassisSamples(chassis: Chassis): Generator<Sample> {
  const values = [
    [chassisPower, chassis.powerOn],
    [driveFault, chassis.driveFault === undefined ? undefined : !chassis.driveFault],
    [coolingFault, chassis.coolingFault === undefined ? undefined : !chassis.coolingFault],
  ] as const
  for (const [metric, value] of values)
    if (value !== undefined) yield { metric, value: Number(value), labels: {} }
}

export function dcmiSample(watts: number): Sample {
  return { metric: dcmi, value: watts, labels: {} }
}
