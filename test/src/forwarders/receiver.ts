/** A loopback HTTP receiver that answers by script and keeps what it was sent. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import { uncompress } from 'snappyjs'

export interface Received {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Answers one request; `count` is how many POSTs came, this one included. HEAD is answered with 405. */
export type Script = (response: ServerResponse, received: Received, count: number) => void

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly posts: Received[]
  readonly heads: Received[]
  /** Sets the headers of the answer to HEAD (at first only the true Date); undefined: not even a Date. */
  onHead(headers: (() => Record<string, string>) | undefined): void
  /** How many connections were made. */
  connections(): number
}

export async function startReceiver(script: Script, tls?: ServerOptions): Promise<Receiver> {
  const posts: Received[] = []
  const heads: Received[] = []
  let connections = 0
  let headHeaders: (() => Record<string, string>) | undefined = () => ({})
  const listener: RequestListener = async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const received = { method: request.method ?? '', headers: request.headers, body: Buffer.concat(pieces) }
    if (received.method === 'HEAD') {
      heads.push(received)
      response.sendDate = headHeaders !== undefined
      response.writeHead(405, headHeaders?.()).end()
    } else {
      posts.push(received)
      script(response, received, posts.length)
    }
  }
  const server = tls ? createSecureServer(tls, listener) : createServer(listener)
  server.on('connection', () => {
    connections += 1
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('Cannot listen')
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${address.port}/write`,
    posts,
    heads,
    onHead(headers) {
      headHeaders = headers
    },
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Answers every request alike. */
export const always =
  (status: number, words = '', headers: Record<string, string> = {}): Script =>
  (response) => {
    response.writeHead(status, headers).end(words)
  }

const folder = join(import.meta.dirname, '../../../proto/prometheus')
const schema = new protobuf.Root()
schema.resolvePath = (_origin, target) => (target.startsWith('gogoproto/') ? null : join(folder, target))
schema.loadSync('remote.proto')
const writeRequest = schema.lookupType('prometheus.WriteRequest')

export interface DecodedSeries {
  readonly labels: readonly { readonly name: string; readonly value: string }[]
  readonly samples: readonly { readonly value: number; readonly timestamp: number }[]
}

/** Decodes a remote write body with the official schema. */
export function decodeWriteRequest(body: Uint8Array): DecodedSeries[] {
  const message = writeRequest.decode(uncompress(new Uint8Array(body)))
  const request: { timeseries: DecodedSeries[] } = JSON.parse(
    JSON.stringify(writeRequest.toObject(message, { longs: Number, arrays: true, defaults: true })),
  )
  return request.timeseries
}
