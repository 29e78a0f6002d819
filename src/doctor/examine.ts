/** Every check of `remora doctor`, at once and within one deadline. */
import { systemClock } from '../clock.ts'
import type { Surroundings } from '../collect.ts'
import type { LoadedConfig } from '../config.ts'
import type { CollectorSection, Config } from '../config-schema.ts'
import { ConfigError, describe } from '../errors.ts'
import { protocols } from '../forwarders/all.ts'
import type { Collector } from '../model.ts'
import { routes } from '../sinks.ts'
import { checkAtRisk } from './at-risk.ts'
import { checkCapabilities } from './capabilities.ts'
import { checkClock, checkTimeService } from './clock.ts'
import { deadline } from './deadline.ts'
import { type Finding, ok, problem, warning } from './finding.ts'
import { checkJournals } from './journals.ts'
import { checkListen } from './listen.ts'
import { checkMemory } from './memory.ts'
import { checkSink } from './sinks.ts'
import { checkSource } from './sources.ts'
import { checkRoot, checkSpool, isReadOnly } from './storage.ts'
import { checkUnit } from './unit.ts'

export interface Examination {
  readonly load: () => Promise<LoadedConfig>
  /** What is right in a configuration that is wrong. */
  readonly sound: () => Promise<Config>
  readonly defaults: () => Config
  readonly collectors: readonly Collector[]
  surroundings(config: Config): Surroundings
  sections(config: Config): Readonly<Record<string, CollectorSection>>
  /** Of all checks together; the configuration may take a quarter of it. */
  readonly deadlineSeconds: number
}

export async function examine(how: Examination): Promise<Finding[]> {
  const begun = performance.now()
  const { config, findings } = await configuration(how)
  const around = how.surroundings(config)
  const sections = how.sections(config)
  using time = deadline(how.deadlineSeconds - (performance.now() - begun) / 1000)
  const enabled = how.collectors.filter(({ name }) => sections[name]?.enabled !== false)
  const names = enabled.map(({ name }) => name)
  const sources = enabled.map((collector) => {
    const run = { section: sections[collector.name], surroundings: around, signal: time.signal }
    return [collector.name, checkSource(collector, { ...run, maxSeries: config.collect.max_series })] as const
  })
  const root = async () => (await sources.find(([name]) => name === 'root')?.[1])?.samples ?? []
  const sinks = Object.entries(config.sinks)

  const checks: readonly (readonly [string, () => Promise<readonly Finding[]>])[] = [
    ['root', async () => [checkRoot(await root())]],
    ['memory', () => checkMemory(around)],
    ['clock', async () => [checkClock(systemClock.now()), await checkTimeService(around)]],
    ['capabilities', () => checkCapabilities(around.proc, names)],
    ['spool', async () => checkSpool(config.spool, around, await root())],
    [
      'at risk',
      async () => {
        const { path } = config.spool
        const sinks = routes(config.sinks, protocols)
        return checkAtRisk(path, isReadOnly(path, await root()), sinks, systemClock.now())
      },
    ],
    ['listen', async () => [await checkListen(config.server.listen)]],
    ['unit', async () => [await checkUnit(around)]],
    ['sinks', async () => (sinks.length === 0 ? [noSinks] : [])],
    ...sinks.map(([name, sink]) => {
      return [`sink ${name}`, () => checkSink(name, sink, systemClock, time.signal)] as const
    }),
    ['journald', () => checkJournals(around.host, names.includes('journald') && sections.journald?.options)],
    ...sources.map(([name, found]) => [name, async () => (await found).findings] as const),
  ]
  const found = await Promise.all(checks.map(([name, look]) => time.within(name, look)))
  return [...findings, ...found.flat()]
}

const noSinks = warning(
  'sinks',
  'there are none: a reboot loses every record',
  'name one in the configuration',
)

/** A wrong one is a problem, and the node is looked at with what is right in it; one that does not answer, with defaults. */
async function configuration({ load, sound, defaults, deadlineSeconds }: Examination) {
  const check = 'configuration'
  using time = deadline(deadlineSeconds / 4)
  let config = defaults()
  const findings = await time.within(check, async () => {
    try {
      const loaded = await load()
      config = loaded.config
      const unwise = loaded.warnings.map((words) => warning(check, words, 'see docs/configuration.md'))
      return [ok(check, `${loaded.origin}: nothing is wrong in it`), ...unwise]
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      config = await sound()
      const todo = 'mend it: docs/configuration.md. Below, what is right in it and defaults are in force'
      return describe(error)
        .split('\n')
        .map((line) => problem(check, line, todo))
    }
  })
  return { config, findings }
}
