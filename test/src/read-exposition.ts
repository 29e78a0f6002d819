/**
 * Strict readers of the two exposition formats, written from their specifications and apart from the renderer. They
 * throw at the first thing out of place.
 */
import assert from 'node:assert/strict'

export interface ReadFamily {
  type: string
  help?: string
  unit?: string
}

export interface ReadPage {
  readonly families: ReadonlyMap<string, ReadFamily>
  readonly samples: readonly ReadSample[]
}

export interface ReadSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const head = new RegExp(`^# (HELP|TYPE|UNIT) (${name}) ?([^]*)$`)
const sampleLine = new RegExp(`^(${name})(?:\\{(.*)\\})? (\\S+)$`, 's')
const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/

const suffixes: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  gauge: [''],
  unknown: [''],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

/** Prometheus text format 0.0.4. */
export function parseText(page: string): ReadPage {
  return read(page, false)
}

/** OpenMetrics 1.0.0: TYPE first, one block a family, nothing after the one `# EOF`. */
export function parseOpenMetrics(page: string): ReadPage {
  assert.ok(page.endsWith('# EOF\n'), 'a page ends with # EOF')
  return read(page.slice(0, -'# EOF\n'.length), true)
}

function read(page: string, open: boolean): ReadPage {
  const families = new Map<string, ReadFamily>()
  const samples: ReadSample[] = []
  const seen = new Set<string>()
  let current = ''
  if (page !== '') assert.ok(page.endsWith('\n'), 'the last line ends')
  for (const line of page === '' ? [] : page.slice(0, -1).split('\n')) {
    if (!open && line === '') continue // prom-client puts an empty line between families.
    const heading = head.exec(line)
    if (heading !== null) {
      const [, word = '', family = '', rest = ''] = heading
      if (family !== current) {
        assert.ok(!families.has(family), `${family} comes in one block`)
        families.set(family, { type: 'untyped' })
        current = family
      }
      const found = families.get(family)
      assert.ok(found)
      if (word === 'TYPE') found.type = rest
      if (word === 'HELP') found.help = unescaped(rest)
      if (word === 'UNIT') {
        assert.ok(open && family.endsWith(`_${rest}`), `${family} ends in its unit ${rest}`)
        found.unit = rest
      }
      if (open) assert.ok(Object.hasOwn(suffixes, found.type), `${family} has its TYPE first, a known one`)
      continue
    }
    const match = sampleLine.exec(line)
    assert.ok(match, `a sample: ${JSON.stringify(line)}`)
    const [, series = '', inside, number = ''] = match
    const type = families.get(current)?.type ?? ''
    const allowed = open || type !== 'counter' ? (suffixes[type] ?? ['']) : ['']
    assert.ok(
      allowed.some((suffix) => series === current + suffix),
      `${series} belongs to the ${type} ${current}`,
    )
    const labels = readLabels(inside ?? '')
    const key = JSON.stringify([series, Object.entries(labels).sort()])
    assert.ok(!seen.has(key), `${key} comes once`)
    seen.add(key)
    samples.push({ name: series, labels, value: readValue(number) })
  }
  return { families, samples }
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (let rest = text; rest !== ''; ) {
    const match = label.exec(rest)
    assert.ok(match, `a label: ${JSON.stringify(rest)}`)
    const [whole, key = '', value = ''] = match
    assert.ok(!Object.hasOwn(labels, key), `${key} comes once`)
    labels[key] = unescaped(value)
    rest = rest.slice(whole.length)
  }
  return labels
}

function readValue(word: string): number {
  if (word === '+Inf') return Number.POSITIVE_INFINITY
  if (word === '-Inf') return Number.NEGATIVE_INFINITY
  if (word === 'NaN' || word === 'Nan') return Number.NaN
  assert.match(word, /^-?\d+(\.\d+)?(e[+-]?\d+)?$/)
  return Number(word)
}

function unescaped(text: string): string {
  return text.replace(/\\(["\\n])/g, (_, character: string) => (character === 'n' ? '\n' : character))
}
