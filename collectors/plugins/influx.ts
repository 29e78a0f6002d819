/**
 * InfluxDB line protocol: a series for each field, `measurement_field`, or `measurement` where the field is `value`; tags
 * are labels. Texts are no metrics and left out; time stamps are passed over, what is shown is what is so now.
 * @see https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
 */
import { ParseError } from '../../src/errors.ts'
import { cut, type Family, labelsOf, mostLineCharacters } from './frame.ts'

/** @throws {ParseError} naming the line and what was expected there */
export function parseInflux(text: string): Family[] {
  const families = new Map<string, Family>()
  for (const [index, line] of linesOf(text).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const fail = (expected: string): never => {
      throw new ParseError(`Cannot parse line ${index + 1} "${cut(line)}": expected ${expected}`)
    }
    if (line.length > mostLineCharacters) fail(`at most ${mostLineCharacters} characters`)
    const [series = '', fields = '', time, ...more] = split(line, ' ').filter((part) => part !== '')
    if (fields === '') fail('measurement,tag=… field=…')
    if (more.length > 0 || (time !== undefined && !/^-?\d+$/.test(time)))
      fail('a time stamp, and nothing behind it')
    const [measurement = '', ...tags] = split(series, ',')
    const tagged = new Map<string, string>()
    for (const tag of tags) {
      const [key = '', value, ...rest] = split(tag, '=')
      if (key === '' || value === undefined || rest.length > 0) fail('tags as key=value')
      const label = nameOf(plain(key))
      if (tagged.has(label)) fail(`the label ${label} once`)
      tagged.set(label, plain(value ?? ''))
    }
    const labels = labelsOf(tagged)
    for (const field of split(fields, ',')) {
      const [key = '', value, ...rest] = split(field, '=')
      if (key === '' || value === undefined || rest.length > 0) fail('fields as key=value')
      const number = numberOf(value ?? '')
      if (number === undefined) fail(`a number, true, false or a text in quotes for ${plain(key)}`)
      if (number === 'text') continue
      const name = nameOf(plain(key) === 'value' ? plain(measurement) : `${plain(measurement)}_${plain(key)}`)
      const family = families.get(name) ?? { name, type: 'untyped', help: '', series: [] }
      families.set(name, family)
      family.series.push({ name, labels, value: Number(number) })
    }
  }
  return [...families.values()]
}

/** A line break in a text in quotes ends no line. */
function linesOf(text: string): string[] {
  return split(text.replaceAll('\r\n', '\n'), '\n')
}

/** At the separators that no backslash stands before and that are not in quotes; these begin only behind a `=`. */
function split(text: string, separator: string): string[] {
  const parts: string[] = []
  let begin = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '\\') at += 1
    else if (character === '"' && (quoted || text[at - 1] === '=')) quoted = !quoted
    else if (character === separator && !quoted) {
      parts.push(text.slice(begin, at))
      begin = at + 1
    }
  }
  parts.push(text.slice(begin))
  return parts
}

function plain(text: string): string {
  return text.replace(/\\([,= "\\])/g, '$1')
}

/** What Prometheus takes as a name. */
function nameOf(text: string): string {
  const name = text.replace(/[^a-zA-Z0-9_:]/g, '_')
  return /^[0-9]/.test(name) ? `_${name}` : name
}

function numberOf(text: string): number | boolean | 'text' | undefined {
  if (/^"(?:[^"\\]|\\.)*"$/s.test(text)) return 'text'
  if (/^(?:t|true)$/i.test(text)) return true
  if (/^(?:f|false)$/i.test(text)) return false
  if (/^[+-]?\d+[iu]$/.test(text)) return Number(text.slice(0, -1))
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
}
