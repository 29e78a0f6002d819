/**
 * Lines that journald split. A line of a service's output longer than LineMax (48 KiB) comes as several entries of one
 * _STREAM_ID, of which all but the last say _LINE_BREAK=line-max.
 * @see systemd.journal-fields(7)
 */
import type { Field, LogRecord, RecordList } from '../../src/model.ts'
import { text } from './shape.ts'

/** @returns the stream of a line that goes on in the next entry of that stream */
export function openLineOf(fields: readonly Field[]): string | undefined {
  return text(fields, '_LINE_BREAK') === 'line-max' ? text(fields, '_STREAM_ID') : undefined
}

/**
 * Makes one record of the parts of each line: the first with the MESSAGE of all, and without _LINE_BREAK where the line
 * is whole.
 * @param mostBytes a message that would be longer begins another record
 * @returns fewer records, in the order of their first parts
 */
export function rejoin(records: RecordList, mostBytes: number): LogRecord[] {
  const joined: LogRecord[] = []
  /** The lines that go on, by stream: the place of the first part and the messages so far. */
  const open = new Map<string, { readonly at: number; readonly pieces: Uint8Array[]; bytes: number }>()
  for (const record of records) {
    const { fields } = record
    const stream = open.size > 0 ? text(fields, '_STREAM_ID') : undefined
    const goesOn = openLineOf(fields)
    const line = stream === undefined ? undefined : open.get(stream)
    const message = fields.find(([name]) => name === 'MESSAGE')?.[1]
    if (line && stream !== undefined && message && line.bytes + message.length <= mostBytes) {
      line.pieces.push(message)
      line.bytes += message.length
      const first = joined[line.at]
      const whole = goesOn === undefined ? text(fields, '_LINE_BREAK') : 'line-max'
      if (first) {
        const { stream: id, time, observed, fields } = first
        joined[line.at] = {
          stream: id,
          id: first.id,
          time,
          observed,
          fields: withMessage(fields, line.pieces, whole),
        }
      }
      if (goesOn === undefined) open.delete(stream)
      continue
    }
    if (goesOn !== undefined && message)
      open.set(goesOn, { at: joined.length, pieces: [message], bytes: message.length })
    else if (stream !== undefined) open.delete(stream)
    joined.push(record)
  }
  return joined
}

function withMessage(
  fields: readonly Field[],
  pieces: readonly Uint8Array[],
  lineBreak: string | undefined,
): Field[] {
  return fields.flatMap((field): Field[] => {
    if (field[0] === 'MESSAGE') return [['MESSAGE', Buffer.concat(pieces)]]
    if (field[0] !== '_LINE_BREAK') return [field]
    return lineBreak === undefined ? [] : [['_LINE_BREAK', Buffer.from(lineBreak)]]
  })
}
