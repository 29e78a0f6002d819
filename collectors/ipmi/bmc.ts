/**
 * Asks the BMC through FreeIPMI, or ipmitool where that is missing: one question at a time, since BMCs are slow and mix up
 * callers.
 */
import { lstat, mkdir } from 'node:fs/promises'
import { CommandError, ToolError } from '../../src/errors.ts'
import type { CollectContext } from '../../src/model.ts'
import { findTools, type Tool, withTool } from '../../src/tool.ts'
import { parseSel, parseSensors } from './freeipmi.ts'
import { parseElist, parseSdr } from './ipmitool.ts'
import type { SelEntry, Sensor } from './report.ts'

export type Around = Pick<CollectContext, 'run' | 'host' | 'signal'>

/** What is asked of a BMC, in the words of both kinds of tools. */
export interface Bmc {
  /** Whether entries of the event log come with a state. */
  readonly tellsSelStates: boolean
  sensors(): Promise<Sensor[]>
  sel(): Promise<SelEntry[]>
  selInfo(): Promise<string>
  power(): Promise<string>
  info(): Promise<string>
  chassis(): Promise<string>
}

const family = 'ipmi'
/** A BMC on a slow bus takes so long for a thousand entries, or for its repository of sensors. */
const deadlineSeconds = 120

/** @returns undefined where neither is installed @param extra arguments before all others: of a driver, or another BMC */
export async function findBmc(context: Around, extra: readonly string[]): Promise<Bmc | undefined> {
  const [free] = await findTools({ family, names: ['ipmi-sensors'], folders: [] }, context)
  if (free) return freeIpmi(context, extra)
  const [ipmitool] = await findTools({ family, names: ['ipmitool'], folders: [] }, context)
  if (ipmitool === undefined) return undefined
  const ask = (...args: string[]) => said(ipmitool, [...extra, ...args], context)
  return {
    tellsSelStates: false,
    sensors: async () => parseSdr(await ask('sdr', 'elist', 'all')),
    sel: async () => parseElist(await ask('sel', 'elist')),
    selInfo: () => ask('sel', 'info'),
    power: () => ask('dcmi', 'power', 'reading'),
    info: () => ask('mc', 'info'),
    chassis: () => ask('chassis', 'status'),
  }
}

function freeIpmi(context: Around, extra: readonly string[]): Bmc {
  const ask = async (name: string, ...args: string[]) => {
    const [tool] = await findTools({ family, names: [name], folders: [] }, context)
    if (tool === undefined) throw new CommandError(`Cannot run ${name}: it is not installed`)
    return said(tool, [...extra, ...args], context)
  }
  const cached = async () => {
    const folder = await cacheFolder()
    return [
      '--quiet-cache',
      '--sdr-cache-recreate',
      ...(folder === undefined ? [] : [`--sdr-cache-directory=${folder}`]),
    ]
  }
  return {
    tellsSelStates: true,
    sensors: async () =>
      parseSensors(
        await ask(
          'ipmi-sensors',
          ...(await cached()),
          '--ignore-unrecognized-events',
          '--output-sensor-state',
        ),
      ),
    sel: async () => parseSel(await ask('ipmi-sel', ...(await cached()), '--output-event-state')),
    selInfo: () => ask('ipmi-sel', '--info'),
    power: () => ask('ipmi-dcmi', '--get-system-power-statistics'),
    info: () => ask('bmc-info'),
    chassis: () => ask('ipmi-chassis', '--get-chassis-status'),
  }
}

/** @throws {ToolError} no BMC, or no permission; {CommandError} anything else that is no answer */
async function said(tool: Tool, args: readonly string[], context: Around): Promise<string> {
  return withTool(tool, context, async (call) => {
    const { stdout, stderr, exitCode } = await call.exec(args, { deadlineSeconds })
    const text = stdout.toString('utf8')
    if (exitCode === 0) return text
    const words = `${stderr} ${text}`.trim().replace(/\s+/g, ' ').slice(0, 300)
    if (/permission denied|must be root|insufficient privilege/i.test(words))
      throw new ToolError(`Cannot run ${tool.name}: ${words}`, 'no-permission')
    if (
      /could not find inband device|no such file or directory|no device found|driver timeout.*open/i.test(
        words,
      )
    )
      throw new ToolError(`Cannot run ${tool.name}: ${words}`, 'no-controller')
    throw new CommandError(`Cannot run ${tool.name}: it ended with ${exitCode}: ${words}`, {
      exitCode,
      stderr,
    })
  })
}

/**
 * FreeIPMI asks the BMC for its whole repository of sensors unless it finds it in a cache, by default in a home folder,
 * which on a RAM root is memory that nobody counts. This one is in memory too, and ends with the boot.
 * @returns undefined where there is none that is ours alone
 */
async function cacheFolder(): Promise<string | undefined> {
  for (const folder of ['/run/remora-ipmi', '/dev/shm/remora-ipmi']) {
    await mkdir(folder, { mode: 0o700 }).catch(() => undefined) // There already, or not ours to make: looked at next.
    const found = await lstat(folder).catch(() => undefined)
    if (found?.isDirectory() && found.uid === process.geteuid?.()) return folder
  }
  return undefined
}
