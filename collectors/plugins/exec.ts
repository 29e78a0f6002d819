/**
 * exec: executables of the site, in any language, that print metrics as Prometheus text, JSON or InfluxDB line protocol.
 * They run in the background; a scrape shows what each said last. A frame that cannot be taken is counted, and nothing of
 * it is shown (docs/plugins.md).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ParseError } from '../../src/errors.ts'
import { counter, gauge, type ReadContext, withOptions } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'
import { Claims } from './claims.ts'
import { samplesOf } from './frame.ts'
import { type Options, options } from './options.ts'
import { errorReasons, type Frame, Plugin } from './plugin.ts'

const labels = ['plugin']
const success = gauge(
  'remora_plugin_success',
  'none',
  'the last run',
  '1 when the last run or frame of the plug-in was taken.',
  labels,
)
const duration = gauge(
  'remora_plugin_duration_seconds',
  'seconds',
  'the last run',
  'How long the last run of the plug-in took.',
  labels,
)
const age = gauge(
  'remora_plugin_age_seconds',
  'seconds',
  'the frame shown',
  'Time since the frame shown was taken.',
  labels,
)
const series = gauge(
  'remora_plugin_series',
  'none',
  'the frame shown',
  'Series of the plug-in in the frame shown.',
  labels,
)
const errors = counter(
  'remora_plugin_errors_total',
  'none',
  'runs',
  'Runs and frames that were not taken: the program failed, it took too long (timeout), or what it printed is malformed.',
  [...labels, 'reason'],
)

/** What runs on each host now, as the source keeps it. */
const running = new WeakMap<Tree, readonly Plugin[]>()

/** @param declared names of metrics that plug-ins may not use */
export function exec(declared: ReadonlySet<string>) {
  const made = ({ options: { plugins } }: { options: Options }, told: (error: Error) => void) =>
    plugins.map((one) => new Plugin(one, declared, told))
  return withOptions({
    name: 'exec',
    metrics: [success, duration, age, series, errors],
    open: true,
    deadlineSeconds: 60,
    options,
    async probe({ options: { plugins } }) {
      return plugins.length > 0 ? { here: true } : { here: false, why: '`plugins` names none' }
    },
    async *collect(context) {
      let plugins = running.get(context.host) ?? []
      if (context.isAlone) {
        plugins = made(context, context.skip)
        await Promise.all(plugins.map((plugin) => plugin.once(context)))
      }
      const now = performance.now()
      const claims = new Claims()
      for (const plugin of plugins) {
        const { name } = plugin.options
        const own = { plugin: name }
        const frame = fitting(plugin, claims, now)
        for (const reason of errorReasons)
          yield { metric: errors, value: plugin.errors.get(reason) ?? 0, labels: { ...own, reason } }
        if (plugin.isWell !== undefined) yield { metric: success, value: Number(plugin.isWell), labels: own }
        if (plugin.durationSeconds !== undefined)
          yield { metric: duration, value: plugin.durationSeconds, labels: own }
        if (frame === undefined) continue
        const { families, at } = frame
        yield { metric: age, value: (now - at) / 1000, labels: own }
        yield {
          metric: series,
          value: families.reduce((sum, one) => sum + one.series.length, 0),
          labels: own,
        }
        yield* samplesOf(families, `plug-in ${name}`)
      }
    },
    async *read(context: ReadContext<Options>) {
      const { host, signal, skip } = context
      const plugins = made(context, skip)
      running.set(host, plugins)
      try {
        if (plugins.length === 0) await sleep(2 ** 31 - 1, undefined, { signal })
        await Promise.all(plugins.map((plugin) => plugin.keep(context)))
      } finally {
        // A source that was slow to end leaves what the next one runs.
        if (running.get(host) === plugins) running.delete(host)
      }
    },
  })
}

/** What a plug-in said last, unless it does not fit to what those before it say. */
function fitting(plugin: Plugin, claims: Claims, now: number): Frame | undefined {
  const frame = plugin.frame(now)
  if (frame === undefined) return undefined
  try {
    claims.add(frame.families, `plug-in ${plugin.options.name}`)
    return frame
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    plugin.refuse(error)
    return undefined
  }
}
