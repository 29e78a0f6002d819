/**
 * How a receiver of the fault bench can misbehave: a server on a port of its own whose ways are changed while it runs.
 * It records what it took, whether its answer went out, and never forgets it unless that is the fault.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

export type Behaviour =
  | { readonly is: 'well' }
  /** Takes the connection and the request, and never answers. */
  | { readonly is: 'half-open' }
  /** Resets the connection in the middle of the body. */
  | { readonly is: 'reset' }
  /** Takes the request, and is gone before the answer. */
  | { readonly is: 'unanswered' }
  | { readonly is: 'slow'; readonly milliseconds: number }
  /** Takes nothing and answers so. */
  | { readonly is: 'answers'; readonly status: number; readonly headers?: () => Record<string, string> }
  /** Refuses for content, as its protocol does. */
  | { readonly is: 'poison'; readonly refuses: (text: string) => boolean }

/** What a protocol does with a body. @returns status and words of the answer */
export type Take = (body: Buffer, refuses: (text: string) => boolean, taking: Taking) => Answer

export interface Answer {
  readonly status: number
  readonly words?: string
}

/** One request that was taken. */
export interface Taking {
  /** Counted up by whatever may keep an answer from being heeded: see `Watch.episode`. */
  readonly episode: number
  readonly atMilliseconds: number
  /** The sender may be sure: a 2xx went out whole. */
  answered: boolean
}

/** Whom a receiver tells. */
export interface Watch {
  episode(): number
  /** The contract was broken. */
  violated(error: unknown): void
}

export interface Behaving extends AsyncDisposable {
  readonly port: number
  behave(behaviour: Behaviour): void
  /** No one listens. */
  down(): Promise<void>
  up(): Promise<void>
  readonly requests: number
}

/** An answer that takes longer may have come after the sender's patience. */
const certainMilliseconds = 1500

export async function behaving(take: Take, { episode: episodeOfAll, violated }: Watch): Promise<Behaving> {
  let behaviour: Behaviour = { is: 'well' }
  let server: Server | undefined
  let requests = 0
  /** Requests that failed: a batch that takes several is sent again whole where one of them does. */
  let failures = 0
  const episode = () => episodeOfAll() + failures
  /** With the episode in which it was opened: one of an agent that is dead by now reads no answer. */
  const sockets = new Map<Socket, number>()
  const held = new Set<IncomingMessage>()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const began = performance.now()
    const { is } = behaviour
    requests += 1
    if (is === 'half-open') {
      failures += 1
      held.add(request)
      return
    }
    const pieces: Buffer[] = []
    for await (const piece of request) {
      pieces.push(piece)
      if (is === 'reset') {
        failures += 1
        request.socket.resetAndDestroy()
        return
      }
    }
    const now = behaviour
    if (now.is === 'answers') {
      failures += 1
      response.writeHead(now.status, now.headers?.()).end('as the bench wants it')
      return
    }
    if (request.method !== 'POST') {
      response.writeHead(405).end()
      return
    }
    const taking: Taking = { episode: episode(), atMilliseconds: performance.now(), answered: false }
    const refuses = now.is === 'poison' ? now.refuses : () => false
    const { status, words } = take(Buffer.concat(pieces), refuses, taking)
    if (now.is === 'unanswered') {
      failures += 1
      request.socket.destroy()
      return
    }
    if (status >= 300) failures += 1
    if (now.is === 'slow') await wait(now.milliseconds)
    response.once('finish', () => {
      taking.answered =
        status < 300 &&
        performance.now() - began < certainMilliseconds &&
        sockets.get(request.socket) === episodeOfAll()
    })
    response.writeHead(status).end(words)
  }

  async function listen(port: number): Promise<number> {
    const listening = createServer((request, response) => {
      answer(request, response).catch((error: unknown) => {
        // The sender may go away in mid-body.
        if (!request.destroyed || request.complete) violated(error)
        request.socket.destroy()
      })
    })
    listening.on('connection', (socket) => {
      sockets.set(socket, episodeOfAll())
      socket.once('close', () => sockets.delete(socket))
      socket.on('error', () => undefined)
    })
    listening.listen(port, '127.0.0.1')
    await once(listening, 'listening')
    server = listening
    const address = listening.address()
    if (address === null || typeof address === 'string') throw new Error('Cannot listen')
    return address.port
  }

  async function close(): Promise<void> {
    const closing = server
    server = undefined
    failures += 1
    for (const socket of sockets.keys()) socket.destroy()
    if (closing === undefined) return
    closing.close()
    await once(closing, 'close')
  }

  const port = await listen(0)
  return {
    port,
    get requests() {
      return requests
    },
    behave(next) {
      behaviour = next
      for (const request of held) request.socket.destroy()
      held.clear()
    },
    down: close,
    async up() {
      if (server === undefined) await listen(port)
    },
    [Symbol.asyncDispose]: close,
  }
}
