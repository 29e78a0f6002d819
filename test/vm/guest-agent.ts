/**
 * Commands in the guest, through QEMU's guest agent (Debian's package) on a virtio-serial port: it needs no network.
 * @see https://www.qemu.org/docs/master/interop/qemu-ga-ref.html
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'

export interface Done {
  readonly code: number
  readonly out: string
  readonly err: string
}

const answer = z.looseObject({ return: z.unknown().optional(), error: z.unknown().optional() })
const started = z.looseObject({ pid: z.int() })
const status = z.looseObject({
  exited: z.boolean(),
  exitcode: z.int().optional(),
  'out-data': z.base64().optional(),
  'err-data': z.base64().optional(),
})
const text = (data: string | undefined) => Buffer.from(data ?? '', 'base64').toString()

/** Runs a bash script in the guest. @throws once the signal is aborted, as when the guest does not answer */
export async function execute(path: string, script: string, signal: AbortSignal): Promise<Done> {
  const socket = connect(path)
  const close = () => socket.destroy()
  signal.addEventListener('abort', close)
  try {
    await once(socket, 'connect')
    const ask = asker(socket)
    await ask.synchronise()
    const { pid } = started.parse(
      await ask('guest-exec', { path: '/bin/bash', arg: ['-c', script], 'capture-output': true }),
    )
    for (;;) {
      const found = status.parse(await ask('guest-exec-status', { pid }))
      if (found.exited)
        return { code: found.exitcode ?? 128, out: text(found['out-data']), err: text(found['err-data']) }
      await sleep(100, undefined, { signal })
    }
  } finally {
    signal.removeEventListener('abort', close)
    socket.destroy()
  }
}

function asker(socket: Socket) {
  const lines = socket.setEncoding('utf8').iterator()
  let rest = ''
  async function line(): Promise<string> {
    for (;;) {
      const end = rest.indexOf('\n')
      if (end >= 0) {
        const found = rest.slice(0, end)
        rest = rest.slice(end + 1)
        return found
      }
      const next = await lines.next()
      if (next.done) throw new Error('Cannot reach the guest: the connection ended')
      rest += String(next.value)
    }
  }
  async function ask(execute: string, args: object): Promise<unknown> {
    socket.write(`${JSON.stringify({ execute, arguments: args })}\n`)
    const found = answer.parse(JSON.parse(await line()))
    if (found.error !== undefined) throw new Error(`Cannot ${execute}: ${JSON.stringify(found.error)}`)
    return found.return
  }
  /** What an earlier connection left unread comes first; the answer to a number of our own ends it. */
  ask.synchronise = async () => {
    const id = Math.floor(Math.random() * 2 ** 31)
    socket.write(`${JSON.stringify({ execute: 'guest-sync', arguments: { id } })}\n`)
    while (!(await line()).includes(`"return": ${id}`));
  }
  return ask
}
