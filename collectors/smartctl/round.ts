/**
 * One round: every drive asked once, one after the other. Metrics, states and logs come out of the same round, so that
 * a drive is disturbed once for all three.
 */
import { CommandError, ToolError } from '../../src/errors.ts'
import type { CollectContext } from '../../src/model.ts'
import { findTools, type Tool, type ToolCall, withTool } from '../../src/tool.ts'
import { type Device, deviceKey, parseReport, type Report } from './report.ts'
import { merged, parseScan } from './scan.ts'
import { toldApart } from './twins.ts'

export const places = {
  family: 'smartctl',
  names: ['smartctl'],
  folders: ['/usr/sbin', '/usr/local/sbin', '/opt/smartmontools/sbin'],
}

const scanDeadlineSeconds = 60
/** The last drive of a round that ran out of time has its own, within the deadline of the collector. */
const lastSeconds = 90
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
  /** Drives whose turn did not come: they are the first of the next round. */
  readonly waiting: readonly Device[]
  /** Entries of the scan that name no device; that there was no time for all. */
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

/** How a round goes on from the one before. */
export interface Turn {
  readonly seconds: number
  /** Devices that are asked first, in their order. */
  readonly first: readonly Device[]
  /** Serial numbers that several drives have (twins.ts). */
  readonly shared: Set<string>
}

/** @returns undefined where there is no smartctl. @throws {CommandError|ParseError|ToolError} if the scan gives nothing */
export async function runRound(context: Around, settings: Settings, turn: Turn): Promise<Round | undefined> {
  const [tool] = await findTools(places, context)
  if (tool === undefined) return undefined
  return withTool(tool, context, (call) => ask(tool, call, context, settings, turn))
}

async function ask(
  tool: Tool,
  call: ToolCall,
  { signal }: Around,
  settings: Settings,
  { seconds, first, shared }: Turn,
): Promise<Round> {
  const began = performance.now()
  const errors: Error[] = []
  const scanned = settings.scan ? await scan(call, (error) => errors.push(error)) : []
  const turns = new Map(first.map((device, index) => [deviceKey(device), index]))
  const turnOf = (device: Device) => turns.get(deviceKey(device)) ?? first.length
  const devices = merged([...scanned, ...settings.devices]).sort((a, b) => turnOf(a) - turnOf(b))
  const waiting: Device[] = []
  const reports: Report[] = []
  const unread: Unread[] = []
  for (const device of devices) {
    signal.throwIfAborted()
    try {
      const left = seconds - (performance.now() - began) / 1000
      if (left <= 0 && reports.length + unread.length > 0) {
        waiting.push(device)
        continue
      }
      const args = [...driveArgs, `--device=${device.type}`, device.name]
      const { stdout, stderr, exitCode } = await call.exec(args, {
        deadlineSeconds: Math.min(settings.deadlineSeconds, Math.max(left, lastSeconds)),
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
  if (waiting.length > 0)
    errors.push(
      new Error(`Cannot read all drives in ${seconds} s: ${waiting.length} wait for the next round`),
    )
  return { devices: devices.length, reports: toldApart(reports, shared), unread, waiting, errors }
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
