/** One command to a running QEMU. @see https://www.qemu.org/docs/master/interop/qemu-qmp-ref.html */
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import * as z from 'zod'

const message = z.looseObject({ error: z.looseObject({ desc: z.string() }).optional() })

/** @throws with QEMU's words when it refuses */
export async function askMonitor(path: string, command: string, args: object = {}): Promise<void> {
  const socket = connect(path)
  try {
    const send = (execute: string, more: object) =>
      socket.write(`${JSON.stringify({ execute, arguments: more })}\n`)
    send('qmp_capabilities', {})
    let answers = 0
    for await (const line of createInterface({ input: socket })) {
      const found = message.parse(JSON.parse(line))
      if (found.error !== undefined) throw new Error(`Cannot ${command}: ${found.error.desc}`)
      if (!('return' in found)) continue
      answers += 1
      if (answers === 1) send(command, args)
      else return
    }
    throw new Error(`Cannot ${command}: QEMU ended the connection`)
  } finally {
    socket.destroy()
  }
}
