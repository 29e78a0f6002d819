/**
 * One reading of a plug-in, whatever format it prints: families of metrics with their series. A frame is taken whole or
 * not at all.
 */
import { ParseError } from '../../src/errors.ts'
import { type Labels, type Metric, type Sample, seriesKey } from '../../src/model.ts'

export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'

export interface Series {
  /** Of the family, or with `_bucket`, `_sum`, `_count` behind it. */
  readonly name: string
  readonly labels: Labels
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly type: FamilyType
  readonly help: string
  readonly series: Series[]
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/
/** What Remora, Prometheus and process collectors call their own. */
const reservedName = /^(?:remora_|process_|scrape_|up$|ALERTS)/
const suffixes: Readonly<Record<FamilyType, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  untyped: [''],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

/** @returns the names that series of this family have */
export function namesOf({ name, type }: Pick<Family, 'name' | 'type'>): string[] {
  return suffixes[type].map((suffix) => name + suffix)
}

export interface Limits {
  readonly mostSeries: number
  /** Names that a collector of Remora declares. */
  readonly declared: ReadonlySet<string>
}

/** @param what the plug-in or file, for the message @throws {ParseError} it may not stand on a page as it is */
export function checked(
  families: readonly Family[],
  what: string,
  { mostSeries, declared }: Limits,
): readonly Family[] {
  const refuse = (why: string): never => {
    throw new ParseError(`Cannot take what ${what} says: ${why}`)
  }
  const seen = new Set<string>()
  const names = new Map<string, string>()
  let count = 0
  for (const family of families) {
    if (!metricName.test(family.name)) refuse(`"${cut(family.name)}" is no name of a metric`)
    for (const name of new Set([family.name, ...namesOf(family)])) {
      if (reservedName.test(name) || declared.has(name)) refuse(`the name ${name} is Remora's own`)
      const other = names.get(name)
      if (other !== undefined) refuse(`${name} is of the family ${other} and of ${family.name}`)
      names.set(name, family.name)
    }
    for (const { name, labels, value } of family.series) {
      if (!namesOf(family).includes(name)) refuse(`${name} is no series of the ${family.type} ${family.name}`)
      for (const label of Object.keys(labels))
        if (!labelName.test(label) || label.startsWith('__'))
          refuse(`"${cut(label)}" of ${name} is no name of a label`)
      if (family.type === 'counter' && !(value >= 0 && Number.isFinite(value)))
        refuse(`the counter ${name} is ${value}`)
      const key = seriesKey(name, labels)
      if (seen.has(key)) refuse(`the series ${cut(key)} is there twice`)
      seen.add(key)
      count += 1
    }
  }
  if (count > mostSeries) refuse(`${count} series, more than ${mostSeries}`)
  return families
}

/** @param source what the catalogue says of where it is read */
export function* samplesOf(families: readonly Family[], source: string): Generator<Sample> {
  for (const { name, type, help, series } of families) {
    const family = { name, type, help }
    const metrics = new Map<string, Metric>()
    for (const one of series) {
      const labels = Object.keys(one.labels)
      let metric = metrics.get(one.name)
      if (metric === undefined) {
        const own = type === 'counter' || type === 'gauge' ? type : 'untyped'
        metric = { name: one.name, type: own, unit: 'none', source, help, labels, family }
        metrics.set(one.name, metric)
      }
      yield { metric, labels: one.labels, value: one.value }
    }
  }
}

/** A line longer than this is malformed; none of a program that means well comes near. */
export const mostLineCharacters = 65_536

/** As Prometheus has it, a label without a text is no label. */
export function labelsOf(pairs: Iterable<readonly [label: string, text: string]>): Labels {
  // Not by assignment: `__proto__` would vanish instead of being refused.
  return Object.fromEntries([...pairs].filter(([, text]) => text !== ''))
}

/** Text of others in a message. */
export function cut(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`
}
