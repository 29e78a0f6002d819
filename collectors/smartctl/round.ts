/**
 * One round: every drive asked once, one after the other. Metrics, states and logs come out of the same round, so that
 * a drive is disturbed once for all three.
 */
import { CommandError, ToolError } from '../../src/errors.ts'
import type { CollectContext } from '../../src/model.ts'
import { findTools, type Tool, type ToolCall, withTool } from '../../src/tool.ts'
import { type Device, deviceKey, parseReport, type Report } from './report.ts'
import { merged, parseScan } from './scan.ts'

export const places = {
  family: 'smartctl',
  names: ['smartctl'],
  folders: ['/usr/sbin', '/usr/local/sbin', '/opt/smartmontools/sbin'],
}

const scanDeadlineSeconds = 60
/** After this the drives that are left wait for the next round, so that those that hang do not hide the others. */
const roundSeconds = 500
const mostOutputBytes = 4 << 20

/** All it knows of the drive, and nothing if it would have to wake it. */
const driveArgs = ['--json', '--xall', '--tolerance=verypermissive', '--nocheck=standby']

export interface Unread {
  readonly device: Device
  readonly error: Error
  /** What smartctl said of it, where it said anything. */
  readonly report?: Report
}

export interface Round {
  readonly devices: number
  /** Drives that were read, and drives asleep. */
  readonly reports: readonly Report[]
  readonly unread: readonly Unread[]
  /** Entries of the scan that name no device. */
  readonly errors: readonly Error[]
}

export interface Settings {
  readonly scan: boolean
  /** Asked beside those of the scan. */
  readonly devices: readonly Device[]
  /** For one drive. */
  readonly deadlineSeconds: number
}

export type Around = Pick<CollectContext, 'run' | 'host' | 'signal'>

/** @returns undefined where there is no smartctl. @throws {CommandError|ParseError|ToolError} if the scan gives nothing */
export async function runRound(context: Around, settings: Settings): Promise<Round | undefined> {
  const [tool] = await findTools(places, context)
  if (tool === undefined) return undefined
  return withTool(tool, context, (call) => ask(tool, call, context, settings))
}

async function ask(tool: Tool, call: ToolCall, { signal }: Around, settings: Settings): Promise<Round> {
  const began = performance.now()
  const errors: Error[] = []
  const scanned = settings.scan ? await scan(call, (error) => errors.push(error)) : []
  const devices = merged([...scanned, ...settings.devices])
  const reports: Report[] = []
  const unread: Unread[] = []
  for (const device of devices) {
    signal.throwIfAborted()
    try {
      const left = roundSeconds - (performance.now() - began) / 1000
      if (left < 1) throw new Error(`Cannot read the drive "${device.name}": the round took too long`)
      const args = [...driveArgs, `--device=${device.type}`, device.name]
      const { stdout, stderr, exitCode } = await call.exec(args, {
        deadlineSeconds: Math.min(settings.deadlineSeconds, left),
        maxOutputBytes: mostOutputBytes,
        hangs: deviceKey(device),
      })
      if (stdout.length === 0)
        throw new CommandError(`Cannot run "${tool.program}": exit code ${exitCode} and no output`, {
          exitCode,
          stderr,
        })
      const report = parseReport(device, stdout, exitCode)
      if (report.failure === undefined) reports.push(report)
      else unread.push({ device, report, error: refusal(device, report.failure) })
    } catch (error) {
      signal.throwIfAborted()
      unread.push({ device, error: error instanceof Error ? error : new Error(String(error)) })
    }
  }
  return { devices: devices.length, reports, unread, errors }
}

/** Devices are listed without being opened; where that lists none, by opening them. */
async function scan(call: ToolCall, skip: (error: Error) => void): Promise<Device[]> {
  for (const how of ['--scan', '--scan-open']) {
    const bounds = { deadlineSeconds: scanDeadlineSeconds, maxOutputBytes: mostOutputBytes, hangs: 'scan' }
    const { stdout, stderr, exitCode } = await call.exec(['--json', how], bounds)
    if (stdout.length === 0)
      throw new CommandError(`Cannot scan for drives: smartctl ended with ${exitCode} and no output`, {
        exitCode,
        stderr,
      })
    const devices = parseScan(stdout, skip)
    if (devices.length > 0) return devices
  }
  return []
}

function refusal({ name, type }: Device, failure: string): Error {
  const message = `Cannot read the drive "${name}" [${type}]: ${failure}`
  return /permission denied|operation not permitted|must be root/i.test(failure)
    ? new ToolError(message, 'no-permission')
    : new Error(message)
}
