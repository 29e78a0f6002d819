/**
 * The HTTP server: /metrics, /-/healthy, /-/ready, the page at / and what it shows as JSON below /api/v1/
 * (docs/api.md). Reads only. Connections, scrapes at once, headers and times are bounded; bodies are never read.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'
import { describe } from '../errors.ts'
import { page, pagePolicy } from '../page/document.ts'
import type { Status } from '../status.ts'
import { type Answer, json, type Stream, within, words } from './answer.ts'
import { compressed } from './compress.ts'
import { eventFilter } from './event-filter.ts'
import { Live } from './live.ts'
import { scrape } from './metrics.ts'
import { pageScriptAnswer } from './page-script.ts'
import { statusView } from './view.ts'

export interface ServerOptions {
  /** `host:port`, an IPv6 host in brackets; port 0 takes any free one. */
  readonly listen: string
  readonly status: Status
  /** The agent's own metrics. */
  readonly registry: Registry
  /** Told of a request that failed by our own fault; the client got 500. */
  readonly failed?: (error: Error) => void
  /** Told of each series left out of a page because Prometheus would have refused all of it. */
  readonly dropped?: (series: string) => void
}

export interface RunningServer {
  readonly port: number
  /** Stops listening, gives requests under way two seconds, then cuts them off. */
  close(): Promise<void>
}

const mostConnections = 64
const mostAtOnce = 8
const closeMilliseconds = 2000
/** How long a page waits for fresh readings of the cheap collectors. */
const pageMilliseconds = 2000

/** @throws {Error} the address cannot be had: taken, not allowed, not of this machine */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const live = new Live(options)
  const route = router(options, live)
  const server = createServer(
    {
      maxHeaderSize: 16_384,
      headersTimeout: 10_000,
      requestTimeout: 20_000,
      keepAliveTimeout: 75_000,
      connectionsCheckingInterval: 2000,
    },
    (request, response) => {
      void handle(server, route, options, request, response)
    },
  )
  server.maxConnections = mostConnections
  // Also ends a client that stops reading its answer.
  server.timeout = 90_000
  const port = await listen(server, options.listen)
  // Out of file descriptors, say: the next connection may be taken again.
  server.on('error', (error) => options.failed?.(error))
  return {
    port,
    close: () => {
      live.close()
      return close(server)
    },
  }
}

type Route = (request: IncomingMessage, url: URL) => Promise<Answer | Stream> | Answer | Stream

/** Which answer a path has. Costly ones are bounded together. */
function router({ status, registry, dropped }: ServerOptions, live: Live): Route {
  let underWay = 0
  const bounded =
    (route: Route): Route =>
    async (request, url) => {
      if (underWay >= mostAtOnce) {
        return words(503, `Cannot answer now: ${underWay} requests are under way`, { 'Retry-After': '1' })
      }
      underWay += 1
      try {
        return await route(request, url)
      } finally {
        underWay -= 1
      }
    }
  const routes: Readonly<Record<string, Route>> = {
    '/metrics': bounded((request, url) =>
      scrape(status, registry, url.searchParams, request.headers, dropped),
    ),
    '/': bounded(async (request) => {
      await within(status.refresh(), pageMilliseconds)
      const headers = { 'Content-Security-Policy': pagePolicy, 'Referrer-Policy': 'no-referrer' }
      const body = page(await statusView(status), status.events.after(0))
      return compressed(request.headers, { status: 200, type: 'text/html; charset=utf-8', body, headers })
    }),
    '/page.js': (request) => pageScriptAnswer(request.headers),
    '/api/v1/status': bounded(async () => {
      await within(status.refresh(), pageMilliseconds)
      return json(await statusView(status))
    }),
    '/api/v1/history': () => json(status.history.view()),
    '/api/v1/events': bounded((_request, { searchParams }) => {
      const filter = eventFilter(searchParams)
      if ('status' in filter) return filter
      return json({ newest: status.events.newest, events: status.events.after(0, filter) })
    }),
    '/api/v1/live': (_request, { searchParams }) => {
      const filter = eventFilter(searchParams)
      return 'status' in filter ? filter : live.open(filter)
    },
    '/-/healthy': () => words(200, 'Remora is healthy.'),
    '/-/ready': () => {
      const missing = status.notReady()
      if (missing.length === 0) return words(200, 'Remora is ready.')
      return words(503, ['Remora is not ready:', ...missing].join('\n'))
    },
  }
  return (request, url) => {
    const route = Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined
    if (route === undefined) {
      return words(404, `There is nothing at ${url.pathname}. There is: ${Object.keys(routes).join(', ')}`)
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return words(405, `Cannot ${request.method} ${url.pathname}: only GET and HEAD`, { Allow: 'GET, HEAD' })
    }
    return route(request, url)
  }
}

async function handle(
  server: Server,
  route: Route,
  { failed }: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await answerOf(route, request).catch((error: unknown) => {
    failed?.(error instanceof Error ? error : new Error(String(error)))
    return words(500, `Cannot answer ${request.url}: ${describe(error)}`)
  })
  if ('begin' in answer) {
    if (request.method === 'HEAD') response.end()
    else answer.begin(response)
    return
  }
  // A body is never read, and a server that closes keeps nothing open: their connections end with the answer.
  const { 'transfer-encoding': encoding, 'content-length': length } = request.headers
  const last = encoding !== undefined || length !== undefined || !server.listening
  response.writeHead(answer.status, {
    'Content-Type': answer.type,
    'Content-Length': Buffer.byteLength(answer.body),
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    ...(last && { Connection: 'close' }),
    ...answer.headers,
  })
  response.end(request.method === 'HEAD' ? undefined : answer.body)
}

async function answerOf(route: Route, request: IncomingMessage): Promise<Answer | Stream> {
  const { url: target = '/' } = request
  // In "//metrics" the URL standard sees a host.
  const url = URL.parse(
    target.startsWith('/') ? `http://remora.invalid${target}` : target,
    'http://remora.invalid',
  )
  if (url === null) return words(400, 'Cannot read the address of this request')
  return await route(request, url)
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there already',
  EACCES: 'not allowed; ports below 1024 need CAP_NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host name',
  ERR_SOCKET_BAD_PORT: 'a port is a number from 0 to 65535',
}

async function listen(server: Server, address: string): Promise<number> {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  const port = Number(address.slice(colon + 1))
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port }, () => {
        server.off('error', reject)
        resolve()
      })
    })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw new Error(`Cannot listen on "${address}": ${reasons[code] ?? describe(error)}`, { cause: error })
  }
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : port
}

async function close(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), closeMilliseconds)
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
  clearTimeout(cut)
}
