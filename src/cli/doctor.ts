/** `remora doctor`: whether this node has what Remora needs, looked at without an agent, and what to do where it has not. */
import { stat } from 'node:fs/promises'
import { systemClock } from '../clock.ts'
import type { Surroundings } from '../collect.ts'
import type { LoadedConfig } from '../config.ts'
import type { CollectorSection } from '../config-schema.ts'
import { type Finding, type Level, ok, problem, warning } from '../doctor/finding.ts'
import { checkClock, checkListen, checkMemory, checkUnit } from '../doctor/node.ts'
import { checkSink } from '../doctor/sinks.ts'
import { checkSources } from '../doctor/sources.ts'
import { checkRoot, checkSpool } from '../doctor/storage.ts'
import { ConfigError, describe } from '../errors.ts'
import type { Collector } from '../model.ts'

export interface Doctor {
  readonly load: () => Promise<LoadedConfig>
  readonly collectors: readonly Collector[]
  surroundings(config: LoadedConfig['config']): Surroundings
  sections(config: LoadedConfig['config']): Readonly<Record<string, CollectorSection>>
  readonly json: boolean
  readonly isColoured: boolean
  readonly out: (text: string) => void
}

/** @returns the exit code: 0 no problem was found, 1 one was */
export async function doctor(how: Doctor): Promise<0 | 1> {
  const findings = await examine(how)
  if (how.json) how.out(`${JSON.stringify(findings, null, 2)}\n`)
  else
    how.out(
      `${[...findings.flatMap((finding) => lines(finding, how.isColoured)), '', summary(findings)].join('\n')}\n`,
    )
  return findings.some(({ level }) => level === 'problem') ? 1 : 0
}

async function examine({ load, collectors, surroundings, sections }: Doctor): Promise<Finding[]> {
  let loaded: LoadedConfig
  try {
    loaded = await load()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [
      problem('configuration', describe(error), 'mend it: docs/configuration.md; nothing else was looked at'),
    ]
  }
  const { config, origin, warnings } = loaded
  const around = surroundings(config)
  const [sources, sinks, listen, memory, unit] = await Promise.all([
    checkSources({
      collectors,
      sections: sections(config),
      surroundings: around,
      maxSeries: config.collect.max_series,
      signal: new AbortController().signal,
    }),
    Promise.all(Object.entries(config.sinks).map(([name, sink]) => checkSink(name, sink, systemClock))),
    checkListen(config.server.listen),
    checkMemory(around.proc),
    checkUnit(around.host),
  ])
  const root = checkRoot(sources.samples)
  const ephemeral = sources.samples.find(({ metric }) => metric.name === 'node_root_ephemeral')?.value
  const deviceOf = async (path: string) => (await stat(path)).dev
  const spool = await checkSpool(
    config.spool,
    await deviceOf(around.host.resolve('')).catch(() => undefined),
    ephemeral === undefined ? undefined : ephemeral === 1,
    deviceOf,
  )
  return [
    ok('configuration', `${origin}: nothing is wrong in it`),
    ...warnings.map((words) => warning('configuration', words, 'see docs/configuration.md')),
    root,
    memory,
    checkClock(systemClock.now()),
    spool,
    listen,
    ...(unit ? [unit] : []),
    ...(sinks.length === 0
      ? [warning('sinks', 'there are none: a reboot loses every record', 'name one in the configuration')]
      : sinks.flat()),
    ...sources.findings,
  ]
}

const marks: Readonly<Record<Level, { readonly word: string; readonly colour: string }>> = {
  ok: { word: 'ok     ', colour: '\x1b[32m' },
  warning: { word: 'warning', colour: '\x1b[33m' },
  problem: { word: 'PROBLEM', colour: '\x1b[31m' },
}
const plain = '\x1b[0m'

const indent = ' '.repeat(9)
const columns = 80

function lines({ check, level, saw, todo }: Finding, isColoured: boolean): string[] {
  const { word, colour } = marks[level]
  const [first = '', ...more] = wrapped(`${check}: ${saw}`)
  const shown = isColoured ? `${colour}${word}${plain}` : word
  return [
    `${shown}  ${first}`,
    ...[...more, ...(todo === undefined ? [] : wrapped(todo))].map((one) => indent + one),
  ]
}

/** Lines that fit behind the indent; a word that is longer stands alone. */
function wrapped(sentence: string): string[] {
  const found: string[] = []
  let line = ''
  for (const word of sentence.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > columns - indent.length) {
      found.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...found, line]
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length
  const counted = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`
  return `${counted(count('problem'), 'problem')}, ${counted(count('warning'), 'warning')}, ${count('ok')} ok`
}
