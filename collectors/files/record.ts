/**
 * An entry of a log file as a log record. Where it begins with a time that says its zone, or GlusterFS's, which is UTC,
 * that is its time; a level is taken from GlusterFS's letter.
 */
import type { Field, LogRecord } from '../../src/model.ts'
import type { Entry } from './lines.ts'

const stamp =
  /^\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|[+-]\d\d:?\d\d))?(\])?(?: ([A-Z]) \[)?/

/** GlusterFS: emergency, alert, critical, error, warning, notice, information, debug, trace. */
const levels: ReadonlyMap<string, readonly [number: string, text: string]> = new Map([
  ['M', ['21', 'emerg']],
  ['A', ['19', 'alert']],
  ['C', ['18', 'crit']],
  ['E', ['17', 'err']],
  ['W', ['13', 'warning']],
  ['N', ['10', 'notice']],
  ['I', ['9', 'info']],
  ['D', ['5', 'debug']],
  ['T', ['1', 'trace']],
])

/** @param offset of the entry in its file @param pathField shared by the records of a file */
export function recordOf(
  entry: Entry,
  stream: string,
  offset: number,
  pathField: Field,
  observed: bigint,
): LogRecord {
  const { bytes, isCut, isPartial } = entry
  const [whole, date, time, fraction = '', zone, bracket, letter] =
    stamp.exec(bytes.toString('latin1', 0, 64)) ?? []
  const isGluster = whole?.startsWith('[') === true && bracket !== undefined
  const level = isGluster ? levels.get(letter ?? '') : undefined
  const said = date && (zone ?? isGluster) ? nanoseconds(`${date}T${time}`, fraction, zone ?? 'Z') : undefined
  const fields: Field[] = [['body', bytes], pathField]
  if (level) fields.push(['severity_number', Buffer.from(level[0])], ['severity_text', Buffer.from(level[1])])
  if (isCut) fields.push(['log.cut', Buffer.from('true')])
  if (isPartial) fields.push(['log.partial', Buffer.from('true')])
  return { stream, id: `${stream}:${offset}`, time: said ?? observed, observed, fields }
}

/** @returns undefined if there is no such moment */
function nanoseconds(moment: string, fraction: string, zone: string): bigint | undefined {
  const offset = zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(-2)}`
  const milliseconds = Date.parse(`${moment}${offset}`)
  if (Number.isNaN(milliseconds) || milliseconds < 0) return undefined
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}
