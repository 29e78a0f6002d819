/**
 * NVMe: controllers and namespaces out of sysfs, and what `nvme-cli` says of their health where it is installed.
 * Their error and self-test logs, and what changes in their health, come from the collector smartctl.
 */
import { CommandError } from '../../src/errors.ts'
import type { CollectContext, Collector, Sample, StateReading } from '../../src/model.ts'
import { findTools, type Tool, type ToolCall, withTool } from '../../src/tool.ts'
import { driveSamples, parseList, parseSmartLog, parseVersion } from './cli.ts'
import { cli, metrics } from './metrics.ts'
import { type Controller, controllerNames, controllerSamples, readController } from './sysfs.ts'

const places = { family: 'nvme', names: ['nvme'], folders: ['/usr/sbin', '/usr/local/sbin'] }
const deadlineSeconds = 30
const mostOutputBytes = 4 << 20

export const nvme: Collector = {
  name: 'nvme',
  metrics,
  schedule: '0 */15 * * * *',
  deadlineSeconds: 300,
  async probe({ sys }) {
    if ((await controllerNames(sys)).length > 0) return { here: true }
    return { here: false, why: `there is no NVMe controller in ${sys.resolve('class/nvme')}` }
  },
  async *collect(context) {
    const names = await controllerNames(context.sys)
    const parts = new Set<string>()
    let isComplete = true
    for (const name of names) {
      try {
        const controller = await readController(context.sys, name)
        if (controller === undefined) continue
        const state = stateOf(controller)
        parts.add(state.part)
        yield* controllerSamples(controller)
        yield state
      } catch (error) {
        isComplete = false
        context.skip(error instanceof Error ? error : new Error(String(error)))
      }
    }
    if (isComplete) yield* goneStates(context.known(), parts)
    if (names.length === 0) return
    const [tool] = await findTools(places, context)
    if (tool === undefined) return
    yield* await withTool(tool, context, (call) => cliSamples(tool, call, context))
  },
}

async function cliSamples(tool: Tool, call: ToolCall, context: CollectContext): Promise<Sample[]> {
  const version = await printed(tool, call, ['version'], 'version')
  const samples: Sample[] = [
    { metric: cli, value: 1, labels: { version: parseVersion(version.toString('utf8')) } },
  ]
  for (const drive of parseList(await printed(tool, call, ['list', '--output-format=json'], 'list'))) {
    context.signal.throwIfAborted()
    samples.push(...driveSamples(drive))
    try {
      const args = ['smart-log', '--output-format=json', `/dev/${drive.name}`]
      const log = parseSmartLog(
        `nvme smart-log of ${drive.name}`,
        await printed(tool, call, args, drive.name),
      )
      for (const [metric, value] of log) samples.push({ metric, value, labels: { device: drive.name } })
    } catch (error) {
      context.signal.throwIfAborted()
      context.skip(error instanceof Error ? error : new Error(String(error)))
    }
  }
  return samples
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

const infoSeverity = 9
const warn = 13
const error = 17

function stateOf({ name, model, serial, state, cntlid }: Controller): StateReading {
  const healthy = state === 'live'
  return {
    part: `${serial || name}:controller:${cntlid}`,
    state,
    healthy,
    event: 'nvme.controller',
    severity: healthy ? infoSeverity : state === 'dead' ? error : warn,
    body: `${name} (${[model, serial].filter(Boolean).join(', ')}) is ${state}`,
    attributes: { device: name, model, serial, controller: cntlid },
  }
}

function goneStates(known: ReadonlyMap<string, string>, present: ReadonlySet<string>): StateReading[] {
  return [...known].flatMap(([part, state]) => {
    const [, serial, cntlid] = /^(.*):controller:(.*)$/.exec(part) ?? []
    if (serial === undefined || cntlid === undefined || state === 'gone' || present.has(part)) return []
    return [
      {
        part,
        state: 'gone',
        healthy: false,
        event: 'nvme.controller',
        severity: error,
        body: `NVMe controller ${cntlid} of ${serial} is gone`,
        attributes: { serial, controller: cntlid },
      },
    ]
  })
}
