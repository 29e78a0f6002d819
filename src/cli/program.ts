/** Every command of the command line with its arguments and flags, and what it needs; docs/cli.md is generated from it. */
import { Command, InvalidArgumentError } from 'commander'
import { collectors } from '../../collectors/all.ts'
import { printInventory } from '../../collectors/host/inventory-child.ts'
import { surroundings } from '../agent.ts'
import { type LoadedConfig, loadConfig, soundConfig } from '../config.ts'
import { collectorSectionsOf, configSchema } from '../config-schema.ts'
import { durationSeconds } from '../duration.ts'
import { version } from '../version.ts'
import { priorityNames } from '../view.ts'
import { check } from './check.ts'
import { type CollectFormat, collectOnce } from './collect.ts'
import { doctor } from './doctor.ts'
import { run } from './run.ts'
import { quarantineChange, quarantineList, type SpoolCommand, spoolState } from './spool.ts'
import { tail } from './tail.ts'
import { type Complain, complainer, out, untilAsked } from './terminal.ts'

const load = (file: string | undefined): Promise<LoadedConfig> => loadConfig({ file, env: process.env })

/** @param isJson what goes wrong is said as JSON @param done takes the exit code of a command */
export function createProgram(isJson: boolean, done: (code: number) => void): Command {
  const complain = complainer(isJson)
  const program = new Command('remora')
    .description('Telemetry collector and forwarder for nodes whose root file system is only RAM.')
    .version(version)
    .option('-c, --config <file>', 'configuration file; else REMORA_CONFIG, /etc/remora.yaml, defaults')
    .exitOverride()
    // What is wrong with the command line is thrown as well, and then said as JSON.
    .configureOutput({ writeOut: out, writeErr: isJson ? () => undefined : complain })
  const configFile = (): string | undefined => program.opts<{ config?: string }>().config

  program
    .command('run')
    .description('run the agent')
    .action(async () => {
      done(await run(() => load(configFile()), collectors))
    })
  program
    .command('check')
    .description('check a configuration and print what is in force')
    .argument('[file]', 'configuration file')
    .option('--json', '{ origin, warnings, config }')
    .action(async (file: string | undefined, { json = false }: { json?: boolean }) => {
      done(await check(await load(file ?? configFile()), json, out))
    })
  program
    .command('collect')
    .description('run collectors once and print what they read')
    .argument('[names...]', 'collectors; default all that are enabled')
    .option('-f, --format <format>', 'table, prometheus or json', formatOf, 'table')
    .option('--json', 'the same as --format json')
    .action(async (names: string[], options: { format: CollectFormat; json?: boolean }) => {
      const format = options.json ? 'json' : options.format
      const { config } = await load(configFile())
      const { signal } = new AbortController()
      done(
        await collectOnce(names, {
          format,
          collectors,
          surroundings: surroundings(config),
          config: { ...config, collectors: collectorSectionsOf(config) },
          signal,
          isColoured: process.stdout.isTTY && process.stdout.hasColors(),
          ...(process.stdout.isTTY && { columns: process.stdout.columns }),
          ...(process.stderr.isTTY && { show: complainer(false) }),
          out,
          complain,
        }),
      )
    })
  program
    .command('tail')
    .description('print events as they happen, of every source; nothing of it is kept or sent')
    .argument('[sources...]', 'default all that are enabled')
    .option('--json', 'one JSON object for each event, whole')
    .option('--since <duration>', 'begin so long ago, such as 10m', durationOf)
    .option(
      '-p, --priority <priority>',
      'only this one, emerg to debug or 0 to 7, and more urgent ones',
      priorityIn,
    )
    .option('-u, --unit <unit>', 'only this unit; * and ? are wildcards')
    .action(async (names: string[], { json, ...wanted }: TailOptions) => {
      const { config } = await load(configFile())
      done(
        await tail(names, {
          ...wanted,
          format: json ? 'json' : 'line',
          isColoured: process.stdout.isTTY && process.stdout.hasColors(),
          collectors,
          surroundings: surroundings(config),
          sections: collectorSectionsOf(config),
          signal: untilAsked(),
          out,
          complain,
        }),
      )
    })
  program
    .command('doctor')
    .description('look whether this node has what Remora needs; nothing is sent')
    .option('--json', 'a list of { check, level, saw, todo }; a level is ok, unknown, warning or problem')
    .option('--deadline <seconds>', 'what has not answered by then is a problem', secondsOf, 20)
    .action(async ({ json = false, deadline }: { json?: boolean; deadline: number }) => {
      done(
        await doctor({
          load: () => load(configFile()),
          sound: () => soundConfig({ file: configFile(), env: process.env }),
          defaults: () => configSchema.parse({}),
          deadlineSeconds: deadline,
          collectors,
          surroundings,
          sections: collectorSectionsOf,
          json,
          isColoured: process.stdout.isTTY && process.stdout.hasColors(),
          out,
        }),
      )
    })
  addSpool(program, configFile, complain, done)
  program.command('inventory', { hidden: true }).action(printInventory)
  return program
}

function addSpool(
  program: Command,
  configFile: () => string | undefined,
  complain: Complain,
  done: (code: number) => void,
): void {
  const spool = program.command('spool').description('show the spool, its ledger and its quarantine')
  const quarantine = spool.command('quarantine').description('records that a sink refused for their content')
  const act = async (options: { json?: boolean }, work: (command: SpoolCommand) => number) => {
    const { config } = await load(configFile())
    done(work({ path: config.spool.path, json: options.json ?? false, out, complain }))
  }
  spool
    .command('state', { isDefault: true })
    .description(
      'the ledger: what was read, and what became of it at each sink; `remora spool` alone is this',
    )
    .option('--json', 'what it says as one JSON object')
    .action((options) => act(options, spoolState))
  const selecting = (name: string, description: string) =>
    quarantine
      .command(name)
      .description(description)
      .argument('[keys...]', 'keys as list shows them; default all')
      .option('-s, --sink <name>', 'only those of this sink')
      .option('--json', 'what it says as JSON, one object a line')
  type Options = { sink?: string; json?: boolean }
  selecting('list', 'what is in it, and why').action((keys: string[], options: Options) =>
    act(options, (command) => quarantineList(command, { keys, sink: options.sink }, false)),
  )
  selecting('export', 'write whole records as NDJSON').action((keys: string[], options: Options) =>
    act(options, (command) => quarantineList(command, { keys, sink: options.sink }, true)),
  )
  selecting('replay', 'send them again, to their own sink alone').action((keys: string[], options: Options) =>
    act(options, (command) => quarantineChange(command, { keys, sink: options.sink }, 'replay')),
  )
  selecting('drop', 'give them up, counted as lost').action((keys: string[], options: Options) =>
    act(options, (command) => quarantineChange(command, { keys, sink: options.sink }, 'drop')),
  )
}

function formatOf(text: string): CollectFormat {
  if (text === 'table' || text === 'prometheus' || text === 'json') return text
  throw new InvalidArgumentError('Known are table, prometheus, json.')
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (seconds > 0 && seconds <= 3600) return seconds
  throw new InvalidArgumentError('Expected seconds, above 0 and at most 3600.')
}

type TailOptions = { json?: boolean; since?: string; priority?: number; unit?: string }

function durationOf(text: string): string {
  if (durationSeconds(text) !== undefined) return text
  throw new InvalidArgumentError('A duration is a number of s, m, h or d, such as 10m.')
}

function priorityIn(text: string): number {
  const found = /^[0-7]$/.test(text) ? Number(text) : priorityNames.indexOf(text)
  if (found >= 0) return found
  throw new InvalidArgumentError(`Known are ${priorityNames.join(', ')}, 0 to 7.`)
}
