/**
 * Between the agent and systemd-journal-remote, which answers at once: passes requests and answers on, keeps note of
 * both, and can end the agent while a request is half sent or when its answer is about to arrive.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'

export interface Sent {
  /** The numbers of the first and the last record in it; 0: it was cut before the first ended. */
  readonly from: number
  readonly to: number
  /** The receiver's answer; undefined: none was seen. */
  readonly status: number | undefined
}

export interface JournalProxy extends AsyncDisposable {
  readonly url: string
  /** In their order. */
  readonly sent: readonly Sent[]
  /** Calls `kill` in the midst of a request, or before its answer is passed on; neither the rest nor the answer is. */
  arm(phase: 'sending' | 'unanswered', kill: () => void): void
  disarm(): void
}

export async function journalProxy(target: string): Promise<JournalProxy> {
  const sent: Sent[] = []
  let armed: { readonly phase: 'sending' | 'unanswered'; readonly kill: () => void } | undefined

  /** Ends the agent if this is the phase. */
  function meets(phase: 'sending' | 'unanswered'): boolean {
    if (armed?.phase !== phase) return false
    const { kill } = armed
    armed = undefined
    kill()
    return true
  }

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    const place = sent.push({ from: 0, to: 0, status: undefined }) - 1
    let status: number | undefined
    const upstream = request(target, { method: 'POST', headers: incoming.headers, agent: false })
    const answer = once(upstream, 'response')
    answer.catch(() => undefined) // Seen below, unless the request is cut before.
    const passed = new Promise((resolve) => upstream.once('close', resolve))
    upstream.on('error', () => undefined)
    try {
      for await (const piece of incoming) {
        pieces.push(piece)
        const isCut = meets('sending')
        // Half a piece, so that the end is in the midst of an entry.
        upstream.write(isCut ? piece.subarray(0, piece.length / 2) : piece)
        if (isCut) {
          upstream.flushHeaders()
          await new Promise((resolve) => setTimeout(resolve, 5))
          throw new Error('cut')
        }
      }
      upstream.end()
      const [got] = await answer
      status = got.statusCode
      const words: Buffer[] = []
      for await (const piece of got) words.push(piece)
      if (meets('unanswered')) throw new Error('cut')
      response.writeHead(got.statusCode, got.statusMessage).end(Buffer.concat(words))
    } catch {
      upstream.destroy()
      response.destroy()
    }
    await passed
    sent[place] = { ...numbersOf(Buffer.concat(pieces)), status }
  }

  const server = createServer((incoming, response) => void pass(incoming, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return {
    url: `http://127.0.0.1:${port}/`,
    sent,
    arm(phase, kill) {
      armed = { phase, kill }
    },
    disarm() {
      armed = undefined
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const mark = 'REMORA_RECORD='

function numbersOf(body: Buffer): { from: number; to: number } {
  const at = (place: number) => {
    const end = body.indexOf(10, place)
    return place < 0 || end < 0
      ? undefined
      : Number(
          body
            .toString('latin1', place + mark.length, end)
            .split(':')
            .at(-1),
        )
  }
  const from = at(body.indexOf(mark))
  const last = body.lastIndexOf(mark)
  // The last one may be cut off.
  const to = at(last) ?? at(body.lastIndexOf(mark, last - 1))
  return from === undefined || to === undefined ? { from: 0, to: 0 } : { from, to }
}
