/**
 * The states of a drive that an operator wants to be told of: its own judgement, failed attributes, sectors it cannot
 * read, NVMe warnings, media errors, spare, temperature over its own limit, and whether it is there at all. They belong to the drive, by its
 * serial number, whatever device it is today.
 */
import type { Labels, StateReading } from '../../src/model.ts'
import { type Judgement, judgeMediaErrors, judgeNvme } from '../../src/nvme-health.ts'
import {
  celsiusAt,
  countAt,
  flagAt,
  type JsonObject,
  objectAt,
  objectsAt,
  textAt,
} from '../../src/tool-json.ts'
import { type Device, deviceKey, type Report } from './report.ts'
import { judgeSectors } from './sectors.ts'

const info = 9
const warn = 13
const error = 17
const fatal = 21

/** Degrees it must fall below its limit before it counts as cooled down. */
const hysteresisCelsius = 3

/** @returns every state of a drive that was read */
export function statesOf(report: Report, previous: (part: string) => string | undefined): StateReading[] {
  const drive = new Drive(report, previous)
  return [
    deviceState(report),
    drive.present(),
    ...drive.health(),
    ...drive.attributes(),
    ...drive.sectors(),
    ...drive.nvme(),
    ...drive.scsi(),
    ...drive.temperature(),
  ]
}

/** The part whose state is the key of the drive behind a device. */
export function devicePart(device: Device): string {
  return `device:${deviceKey(device)}`
}

/** Which drive a device is, so that one that sleeps or does not answer is known after a restart, too. */
export function deviceState(report: Report): StateReading {
  const { device, key, label, model, serial } = report
  return {
    part: devicePart(device),
    state: key,
    healthy: true,
    event: 'drive.device',
    severity: info,
    body: `${label} is now the drive ${[model, serial].filter(Boolean).join(', ')}`,
    attributes: { device: label, model, ...(serial !== undefined && { serial }) },
  }
}

/** A drive that is there and cannot be read. @param key of the drive */
export function unreadableState(key: string, label: string, failure: string): StateReading {
  return {
    part: `${key}:present`,
    state: 'unreadable',
    healthy: false,
    event: 'drive.present',
    severity: error,
    body: `${label} (${key}) cannot be read: ${failure}`,
    attributes: { device: label, serial: key },
  }
}

/**
 * @param present keys of the drives that are there
 * @returns one for each drive that was there, and is not now
 */
export function goneStates(known: ReadonlyMap<string, string>, present: ReadonlySet<string>): StateReading[] {
  return [...known].flatMap(([part, state]) => {
    const key =
      part.endsWith(':present') && !part.startsWith('device:') ? part.slice(0, -':present'.length) : undefined
    if (key === undefined || state === 'gone' || present.has(key)) return []
    return [
      {
        part,
        state: 'gone',
        healthy: false,
        event: 'drive.present',
        severity: error,
        body: `Drive ${key} is gone`,
        attributes: { serial: key },
      },
    ]
  })
}

class Drive {
  readonly #report: Report
  readonly #json: JsonObject
  readonly #previous: (part: string) => string | undefined

  constructor(report: Report, previous: (part: string) => string | undefined) {
    this.#report = report
    this.#json = report.json
    this.#previous = previous
  }

  /** @param what names the state: the last part of the event's name, up to a colon */
  state(
    what: string,
    state: string,
    healthy: boolean,
    severity: number,
    words: string,
    attributes: Labels = {},
  ): StateReading {
    const { label, model, serial } = this.#report
    return {
      part: `${this.#report.key}:${what}`,
      state,
      healthy,
      event: `drive.${what.split(':')[0]}`,
      severity: healthy ? info : severity,
      body: `${label} (${[model, serial].filter(Boolean).join(', ')}) ${words}`,
      attributes: { device: label, model, ...(serial !== undefined && { serial }), ...attributes },
    }
  }

  present(): StateReading {
    return this.state('present', 'present', true, info, 'is there')
  }

  *health(): Generator<StateReading> {
    const passed = flagAt(this.#json, 'smart_status', 'passed')
    if (passed === undefined) return
    const words = passed
      ? 'passes its own health check'
      : 'fails its own health check: it may fail within a day'
    yield this.state('health', passed ? 'passed' : 'failing', passed, fatal, words)
  }

  /** Of the attributes that foretell failure: one that is at its threshold, or was when last looked at. */
  *attributes(): Generator<StateReading> {
    for (const row of objectsAt(this.#json, 64, 'ata_smart_attributes', 'table')) {
      const id = textAt(row, 'id')
      const value = countAt(row, 'value')
      const threshold = countAt(row, 'thresh')
      if (id === undefined || flagAt(row, 'flags', 'prefailure') !== true) continue
      const said = textAt(row, 'when_failed')?.toLowerCase()
      const below = value !== undefined && threshold !== undefined && threshold > 0 && value <= threshold
      const failed = said === 'now' || (said === undefined && below)
      const what = `attribute:${id}`
      if (!failed && this.#previous(`${this.#report.key}:${what}`) === undefined) continue
      const name = textAt(row, 'name') ?? `attribute ${id}`
      const words = `${name} is ${value ?? 'unknown'}, threshold ${threshold ?? 'unknown'}`
      yield this.state(
        what,
        failed ? 'failed' : 'ok',
        !failed,
        error,
        failed ? `has failed: ${words}` : words,
        {
          attribute: name,
          attribute_id: id,
          ...(value !== undefined && { value: String(value) }),
          ...(threshold !== undefined && { threshold: String(threshold) }),
        },
      )
    }
  }

  *sectors(): Generator<StateReading> {
    for (const judgement of judgeSectors(this.#json)) {
      const isNew = this.#previous(`${this.#report.key}:${judgement.what}`) === undefined
      if (!judgement.healthy || !isNew) yield this.judged(judgement)
    }
  }

  *nvme(): Generator<StateReading> {
    const health = objectAt(this.#json, 'nvme_smart_health_information_log')
    const judgements = judgeNvme({
      criticalWarning: countAt(health, 'critical_warning'),
      mediaErrors: countAt(health, 'media_errors'),
      sparePercent: countAt(health, 'available_spare'),
      spareThresholdPercent: countAt(health, 'available_spare_threshold'),
    })
    for (const judgement of judgements) yield this.judged(judgement)
  }

  *scsi(): Generator<StateReading> {
    const counted = ['read', 'write', 'verify']
      .map((of) => countAt(this.#json, 'scsi_error_counter_log', of, 'total_uncorrected_errors'))
      .filter((count) => count !== undefined)
    if (counted.length > 0) yield this.judged(judgeMediaErrors(counted.reduce((sum, one) => sum + one, 0)))
  }

  judged({ what, state, healthy, severity, words, attributes }: Judgement): StateReading {
    return this.state(what, state, healthy, severity, words, attributes)
  }

  *temperature(): Generator<StateReading> {
    const current = celsiusAt(this.#json, 'temperature', 'current')
    const limits = ['op_limit_max', 'limit_max', 'critical_limit_max', 'drive_trip']
      .map((key) => celsiusAt(this.#json, 'temperature', key))
      .filter((limit) => limit !== undefined && limit > 0)
    const limit = Math.min(...limits.filter((one) => one !== undefined))
    if (current === undefined || !Number.isFinite(limit)) return
    const before = this.#previous(`${this.#report.key}:temperature`)
    const over = current > limit || (before === 'over-limit' && current > limit - hysteresisCelsius)
    const words = `is at ${current} °C, its own limit ${limit} °C`
    yield this.state('temperature', over ? 'over-limit' : 'ok', !over, warn, words, {
      celsius: String(current),
      limit_celsius: String(limit),
    })
  }
}
