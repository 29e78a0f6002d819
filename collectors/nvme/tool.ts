/**
 * nvmecli: what `nvme-cli` says of the health of NVMe drives. Where smartctl is installed, its collector tells what
 * changes in their health; else this one does.
 */

import { CommandError } from '../../src/errors.ts'
import { nvmeHealthEvents } from '../../src/event-types.ts'
import type { CollectContext, Collector, Metric, Sample, StateReading } from '../../src/model.ts'
import { judgeNvme } from '../../src/nvme-health.ts'
import { findTools, type Tool, type ToolCall, withTool } from '../../src/tool.ts'
import { type Drive, driveSamples, parseList, parseSmartLog, parseVersion } from './cli.ts'
import { availableSpare, cli, cliMetrics, criticalWarning, mediaErrors, spareThreshold } from './metrics.ts'
import { controllerNames } from './sysfs.ts'

/** The tool whose collector tells more of the same drives. */
const smartctlPlaces = { family: 'smartctl', names: ['smartctl'], folders: ['/usr/sbin', '/usr/local/sbin'] }
const places = { family: 'nvme', names: ['nvme'], folders: ['/usr/sbin', '/usr/local/sbin'] }
const deadlineSeconds = 30
const mostOutputBytes = 4 << 20
const infoSeverity = 9

export const nvmecli: Collector = {
  name: 'nvmecli',
  events: nvmeHealthEvents,
  metrics: cliMetrics,
  schedule: '0 */15 * * * *',
  deadlineSeconds: 300,
  async probe(context) {
    const { sys } = context
    if ((await controllerNames(sys)).length === 0)
      return { here: false, why: `there is no NVMe controller in ${sys.resolve('class/nvme')}` }
    if ((await findTools(places, context)).length > 0) return { here: true }
    return { here: false, why: 'nvme is not installed (package nvme-cli)' }
  },
  async *collect(context) {
    if ((await controllerNames(context.sys)).length === 0) return
    const [tool] = await findTools(places, context)
    if (tool === undefined) throw new Error('Cannot run nvme: it is no longer installed')
    yield* await withTool(tool, context, (call) => cliReadings(tool, call, context))
  },
}

async function cliReadings(
  tool: Tool,
  call: ToolCall,
  context: CollectContext,
): Promise<(Sample | StateReading)[]> {
  const version = await printed(tool, call, ['version'], 'version')
  const isAlone = (await findTools(smartctlPlaces, context)).length === 0
  const told = new Set<string>()
  const readings: (Sample | StateReading)[] = [
    { metric: cli, value: 1, labels: { version: parseVersion(version.toString('utf8')) } },
  ]
  for (const drive of parseList(await printed(tool, call, ['list', '--output-format=json'], 'list'))) {
    context.signal.throwIfAborted()
    readings.push(...driveSamples(drive))
    try {
      const args = ['smart-log', '--output-format=json', `/dev/${drive.name}`]
      const log = parseSmartLog(
        `nvme smart-log of ${drive.name}`,
        await printed(tool, call, args, drive.name),
      )
      for (const [metric, value] of log) readings.push({ metric, value, labels: { device: drive.name } })
      // Two namespaces of one controller have one health.
      const key = drive.serial || drive.name
      if (isAlone && !told.has(key)) readings.push(...healthStates(drive, log))
      told.add(key)
    } catch (error) {
      context.signal.throwIfAborted()
      context.skip(error instanceof Error ? error : new Error(String(error)))
    }
  }
  return readings
}

function healthStates({ name, model, serial }: Drive, log: ReadonlyMap<Metric, number>): StateReading[] {
  const percent = (metric: Metric) => {
    const ratio = log.get(metric)
    return ratio === undefined ? undefined : Math.round(ratio * 100)
  }
  const judgements = judgeNvme({
    criticalWarning: log.get(criticalWarning),
    mediaErrors: log.get(mediaErrors),
    sparePercent: percent(availableSpare),
    spareThresholdPercent: percent(spareThreshold),
  })
  return [...judgements].map(({ what, state, healthy, severity, words, attributes }) => ({
    part: `${serial || name}:${what}`,
    state,
    healthy,
    event: `drive.${what.split(':')[0]}`,
    severity: healthy ? infoSeverity : severity,
    body: `${name} (${[model, serial].filter(Boolean).join(', ')}) ${words}`,
    attributes: { device: name, model, serial, ...attributes },
  }))
}

/** @param hangs what hangs if the tool does. @throws {CommandError} if it prints nothing, in its own words */
async function printed(
  { program }: Tool,
  { exec }: ToolCall,
  args: readonly string[],
  hangs: string,
): Promise<Buffer> {
  const { stdout, stderr, exitCode } = await exec(args, {
    deadlineSeconds,
    maxOutputBytes: mostOutputBytes,
    hangs,
  })
  if (stdout.length > 0) return stdout
  const [said = ''] = stderr.split('\n')
  const why = `Cannot run "${program} ${args.join(' ')}": exit code ${exitCode}${said && `: ${said}`}`
  throw new CommandError(why, { exitCode, stderr })
}
