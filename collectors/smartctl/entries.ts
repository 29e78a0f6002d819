/**
 * The logs that drives keep of their errors and self-tests, as smartctl prints them: of ATA, NVMe and SCSI drives.
 * Errors are numbered by the drive; self-tests only stand in order, the newest first.
 */
import {
  at,
  countAt,
  flagAt,
  isObject,
  type JsonObject,
  objectAt,
  objectsAt,
  textAt,
} from '../../src/tool-json.ts'

export interface Entry {
  /** What tells it from the others of its log: for errors `<number>.<hours>`, for self-tests `<type>.<result>.<hours>`. */
  readonly key: string
  /** The drive's number of an error; undefined for self-tests. */
  readonly number?: number
  /** Hours powered on when it was written; undefined where the log does not say. */
  readonly hours: number | undefined
  readonly event: 'drive.error' | 'drive.self_test'
  readonly severity: number
  readonly body: string
  readonly attributes: Readonly<Record<string, string>>
  /** The entry as smartctl printed it. */
  readonly json: JsonObject
}

export interface DriveLog {
  readonly kind: 'error' | 'self_test'
  /** The newest first. */
  readonly entries: readonly Entry[]
  /** After this number the next is 1 or 0 again; undefined where numbers do not wrap. */
  readonly wrapsAfter?: number
}

/** ATA numbers errors in 16 bits. */
const ataWrapsAfter = 65535

/** More than any log holds that smartctl prints. */
const mostEntries = 512

const info = 9
const warn = 13
const error = 17

/** @returns the logs the drive has; an empty log is there, a drive without one has none */
export function logsOf(json: JsonObject): DriveLog[] {
  return [
    ataErrors(json),
    nvmeErrors(json),
    ataSelfTests(json),
    nvmeSelfTests(json),
    scsiSelfTests(json),
  ].filter((log) => log !== undefined)
}

function ataErrors(json: JsonObject): DriveLog | undefined {
  const logs = objectAt(json, 'ata_smart_error_log')
  // The extended log holds more of the same errors.
  const log = [logs.extended, logs.summary].find((one) => countAt(one, 'count') !== undefined)
  if (log === undefined) return undefined
  const entries = objectsAt(log, mostEntries, 'table').flatMap((row): Entry[] => {
    const number = numberOf(row, 'error_number')
    const hours = countAt(row, 'lifetime_hours')
    if (number === undefined) return []
    const said = textAt(row, 'error_description') ?? 'an error without a description'
    const command = textAt(objectsAt(row, 1, 'previous_commands')[0], 'command_name')
    return [
      {
        key: `${number}.${hours ?? ''}`,
        number,
        hours,
        event: 'drive.error',
        severity: warn,
        body: `logged error ${number}: ${said}${command ? ` (${command})` : ''}`,
        attributes: { error_number: String(number), ...(command !== undefined && { command }) },
        json: row,
      },
    ]
  })
  return { kind: 'error', entries: newestFirst(entries, ataWrapsAfter), wrapsAfter: ataWrapsAfter }
}

function nvmeErrors(json: JsonObject): DriveLog | undefined {
  const log = at(json, 'nvme_error_information_log')
  if (!isObject(log)) return undefined
  const entries = objectsAt(log, mostEntries, 'table').flatMap((row): Entry[] => {
    const number = numberOf(row, 'error_count')
    if (!number) return [] // An entry that was never written counts 0.
    const said = textAt(row, 'status_field', 'string') ?? 'a status without a description'
    return [
      {
        key: `${number}.`,
        number,
        hours: undefined,
        event: 'drive.error',
        severity: isRefusal(objectAt(row, 'status_field')) ? info : warn,
        body: `logged error ${number}: ${said}`,
        attributes: { error_number: String(number) },
        json: row,
      },
    ]
  })
  return { kind: 'error', entries: newestFirst(entries) }
}

/**
 * The drive did not know what it was asked, and is none the worse for it: tools that read its logs, smartctl among
 * them, ask for more than some drives have, and with each of them an entry is written every time.
 */
function isRefusal(status: JsonObject): boolean {
  const [type, code] = [countAt(status, 'status_code_type'), countAt(status, 'status_code')]
  if (type === undefined || code === undefined)
    return /^Invalid (?:Field in Command|Command Opcode|Log Page)$/i.test(textAt(status, 'string') ?? '')
  return (type === 0 && (code === 1 || code === 2)) || (type === 1 && code === 9)
}

/** As the tool prints them, which is the newest first; the other way round where it is not. */
function newestFirst(entries: readonly Entry[], wrapsAfter = Number.MAX_SAFE_INTEGER): Entry[] {
  const seen = new Set<string>()
  const each = entries.filter(({ key }) => !seen.has(key) && seen.add(key))
  const rise = (each.at(-1)?.number ?? 0) - (each[0]?.number ?? 0)
  return rise > 0 && rise < wrapsAfter / 2 ? each.reverse() : each
}

/** @returns the drive's number of an error */
function numberOf(row: JsonObject, key: string): number | undefined {
  const number = countAt(row, key)
  return number !== undefined && Number.isSafeInteger(number) ? number : undefined
}

/** How a test ended, by the high half of its ATA status, by its NVMe and its SCSI result alike. */
function severityOf(result: number, passed: boolean | undefined): number {
  if (passed === true || result === 0) return info
  return result <= 2 ? warn : error // 1 and 2: someone aborted or interrupted it.
}

/** A test that still runs is no entry yet: it will change. */
const running = 15

interface SelfTest {
  readonly row: JsonObject
  readonly type: JsonObject
  readonly status: JsonObject
  readonly result: number
  readonly hours: number | undefined
}

function selfTests(tests: readonly SelfTest[]): DriveLog {
  const entries = tests.map(({ row, type, status, result, hours }): Entry => {
    const what = textAt(type, 'string') ?? 'self-test'
    const said = textAt(status, 'string') ?? `result ${result}`
    return {
      key: [countAt(type, 'value') ?? '', countAt(status, 'value') ?? '', hours ?? ''].join('.'),
      hours,
      event: 'drive.self_test',
      severity: severityOf(result, flagAt(status, 'passed')),
      body: `self-test "${what}": ${said}`,
      attributes: { self_test: what, result: said },
      json: row,
    }
  })
  return { kind: 'self_test', entries }
}

function ataSelfTests(json: JsonObject): DriveLog | undefined {
  const logs = objectAt(json, 'ata_smart_self_test_log')
  const log = [logs.extended, logs.standard].find(isObject)
  if (log === undefined) return undefined
  const tests = objectsAt(log, mostEntries, 'table').map((row): SelfTest => {
    const status = objectAt(row, 'status')
    const result = Math.floor((countAt(status, 'value') ?? 0) / 16)
    return { row, type: objectAt(row, 'type'), status, result, hours: countAt(row, 'lifetime_hours') }
  })
  return selfTests(tests.filter(({ result }) => result !== running))
}

function nvmeSelfTests(json: JsonObject): DriveLog | undefined {
  const log = at(json, 'nvme_self_test_log')
  if (!isObject(log)) return undefined
  const tests = objectsAt(log, mostEntries, 'table').map((row): SelfTest => {
    const status = objectAt(row, 'self_test_result')
    const result = countAt(status, 'value') ?? 0
    return {
      row,
      type: objectAt(row, 'self_test_code'),
      status,
      result,
      hours: countAt(row, 'power_on_hours'),
    }
  })
  return selfTests(tests.filter(({ result }) => result !== running))
}

function scsiSelfTests(json: JsonObject): DriveLog | undefined {
  const tests: SelfTest[] = []
  for (let index = 0; index < 20; index++) {
    const row = at(json, `scsi_self_test_${index}`)
    if (!isObject(row)) break
    const status = objectAt(row, 'result')
    const result = countAt(status, 'value') ?? 0
    const hours = countAt(row, 'power_on_time', 'hours')
    tests.push({ row, type: objectAt(row, 'code'), status, result, hours })
  }
  return tests.length === 0 ? undefined : selfTests(tests.filter(({ result }) => result !== running))
}
