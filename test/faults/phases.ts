/** Prints a line for each phase that a killed agent can be met in, and makes the short ones last. */
import { channel } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'

export function mark(phase: string): void {
  writeSync(1, `${phase}\n`)
}

/** Marks the commits of a source, each longer by `lingerMilliseconds`, and the requests to a sink. */
export function markPhases(source: string, sink: string, lingerMilliseconds: number): void {
  channel('remora:spool').subscribe((message) => {
    if (typeof message !== 'object' || message === null || !('phase' in message)) return
    if (!('source' in message) || message.source !== source) return
    mark(String(message.phase))
    if (message.phase === 'committing') block(lingerMilliseconds)
  })
  channel('remora:delivery').subscribe((message) => {
    if (typeof message !== 'object' || message === null || !('sink' in message) || !('phase' in message))
      return
    if (message.sink === sink) mark(String(message.phase))
  })
}

/** Blocks the whole process: what is synchronous can only be killed inside if it lasts. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
