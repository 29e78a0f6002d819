/** A loopback Loki that answers every push alike and at once, and what the pushes say of lag. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import { uncompress } from 'snappyjs'

export interface Push {
  readonly body: Buffer
  readonly answeredMilliseconds: number
}

/** Answers every push before it looks at it. */
export async function startReceiver(status: 204 | 503, kept?: Push[]) {
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    response.writeHead(status).end()
    if (kept) kept.push({ body: Buffer.concat(pieces), answeredMilliseconds: Date.now() })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('Cannot listen')
  return {
    url: `http://127.0.0.1:${address.port}/loki/api/v1/push`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const schema = new protobuf.Root().loadSync(join(import.meta.dirname, '../../proto/loki/push.proto'))
const pushRequest = schema.lookupType('logproto.PushRequest')

interface Decoded {
  readonly streams: readonly {
    readonly entries: readonly {
      readonly timestamp: { readonly seconds: string; readonly nanos: number }
      readonly line: string
    }[]
  }[]
}

/** From the time that journald gave an entry to the answer that acknowledged it, by line; a line sent twice counts once. */
export function lagsOf(pushes: readonly Push[]): number[] {
  const lags = new Map<string, number>()
  for (const { body, answeredMilliseconds } of pushes) {
    const message = pushRequest.decode(uncompress(new Uint8Array(body)))
    const decoded: Decoded = JSON.parse(
      JSON.stringify(pushRequest.toObject(message, { longs: String, arrays: true, defaults: true })),
    )
    for (const { timestamp, line } of decoded.streams.flatMap((stream) => stream.entries)) {
      if (!line.startsWith('lag ') || lags.has(line)) continue
      lags.set(line, answeredMilliseconds - Number(timestamp.seconds) * 1000 - timestamp.nanos / 1e6)
    }
  }
  return [...lags.values()].sort((a, b) => a - b)
}
