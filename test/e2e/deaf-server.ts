/** A receiver that takes connections and requests and never answers. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

export interface DeafServer extends AsyncDisposable {
  readonly url: string
}

export async function startDeafServer(): Promise<DeafServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy()).resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('Cannot listen')
  return {
    url: `http://127.0.0.1:${address.port}/api/v1/write`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
