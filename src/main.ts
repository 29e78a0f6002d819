/** The command line: every command and what it needs, signals and exit codes. */
import { setFlagsFromString } from 'node:v8'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { collectors } from '../collectors/all.ts'
import { printInventory } from '../collectors/host/inventory-child.ts'
import { surroundings } from './agent.ts'
import { check } from './cli/check.ts'
import { type CollectFormat, collectOnce } from './cli/collect.ts'
import { doctor } from './cli/doctor.ts'
import { leave } from './cli/leave.ts'
import { exit, run } from './cli/run.ts'
import { quarantineChange, quarantineList, type SpoolCommand, spoolState } from './cli/spool.ts'
import { tail } from './cli/tail.ts'
import { type LoadedConfig, loadConfig } from './config.ts'
import { collectorSectionsOf } from './config-schema.ts'
import { durationSeconds } from './duration.ts'
import { ConfigError, describe } from './errors.ts'
import { version } from './version.ts'
import { priorityNames } from './view.ts'

const out = (text: string) => process.stdout.write(text)
const complain = (text: string) => process.stderr.write(text)
const load = (file: string | undefined): Promise<LoadedConfig> => loadConfig({ file, env: process.env })

/** @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  // On a RAM root memory is worth more than the rare pause: the space of young objects stays small, and that of old ones
  // is looked through once it has grown by a seventh.
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=15')
  let code: number = exit.done
  const program = new Command('remora')
    .description('Telemetry collector and forwarder for nodes whose root file system is only RAM.')
    .version(version)
    .option('-c, --config <file>', 'configuration file; else REMORA_CONFIG, /etc/remora.yaml, defaults')
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: complain })
  const configFile = (): string | undefined => program.opts<{ config?: string }>().config

  program
    .command('run')
    .description('run the agent')
    .action(async () => {
      code = await run(() => load(configFile()), collectors)
    })
  program
    .command('check')
    .description('check a configuration and print what is in force')
    .argument('[file]', 'configuration file')
    .option('--json', '{ origin, warnings, config }')
    .action(async (file: string | undefined, { json = false }: { json?: boolean }) => {
      code = await check(await load(file ?? configFile()), json, out)
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
      code = await collectOnce(names, {
        format,
        collectors,
        surroundings: surroundings(config),
        config: { ...config, collectors: collectorSectionsOf(config) },
        signal,
        isColoured: process.stdout.isTTY && process.stdout.hasColors(),
        ...(process.stdout.isTTY && { columns: process.stdout.columns }),
        ...(process.stderr.isTTY && { show: complain }),
        out,
        complain,
      })
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
      code = await tail(names, {
        ...wanted,
        format: json ? 'json' : 'line',
        isColoured: process.stdout.isTTY && process.stdout.hasColors(),
        collectors,
        surroundings: surroundings(config),
        sections: collectorSectionsOf(config),
        signal: untilAsked(),
        out,
        complain,
      })
    })
  program
    .command('doctor')
    .description('look whether this node has what Remora needs; nothing is sent')
    .option('--json', 'a list of { check, level, saw, todo }')
    .action(async ({ json = false }: { json?: boolean }) => {
      code = await doctor({
        load: () => load(configFile()),
        collectors,
        surroundings,
        sections: collectorSectionsOf,
        json,
        isColoured: process.stdout.isTTY && process.stdout.hasColors(),
        out,
      })
    })
  addSpool(program, configFile, (result) => {
    code = result
  })
  program.command('inventory', { hidden: true }).action(printInventory)

  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.usage
    complain(argv.includes('--json') ? errorJson(error) : `${describe(error)}\n`)
    return error instanceof ConfigError ? exit.usage : exit.failed
  }
  return code
}

/** What went wrong, for whoever asked for JSON: on standard error, too. */
function errorJson(error: unknown): string {
  const name = error instanceof Error ? error.name : 'Error'
  return `${JSON.stringify({ error: { name, message: describe(error) } })}\n`
}

function addSpool(
  program: Command,
  configFile: () => string | undefined,
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
    .description('the ledger: what was read, and what became of it at each sink')
    .option('--json')
    .action((options) => act(options, spoolState))
  const selecting = (name: string, description: string) =>
    quarantine
      .command(name)
      .description(description)
      .argument('[keys...]', 'keys as list shows them; default all')
      .option('-s, --sink <name>', 'only those of this sink')
      .option('--json')
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

/** @returns what the first signal aborts, or a closed output; a second signal ends at once */
function untilAsked(): AbortSignal {
  const asked = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => (asked.signal.aborted ? leave(exit.killed) : asked.abort()))
  outputClosed = () => asked.abort()
  return asked.signal
}

/** Standard output may be closed early, by head(1) say: nothing is left to print to. */
let outputClosed = (): void => process.exit(exit.done)
process.stdout.on('error', () => outputClosed())
/** Nobody is left to tell; what was being done goes on. */
process.stderr.on('error', () => undefined)

main(process.argv.slice(2)).then(
  (code) => leave(code),
  (error: unknown) => {
    complain(`${describe(error)}\n`)
    leave(exit.failed)
  },
)
