/**
 * The one way an HTTP sink sends: its own connections, deadlines, TLS, secrets and failover (undici, RFC 9110).
 * A request is never retried or redirected here; that is for deliver.ts.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'undici'
import type { Clock } from '../clock.ts'
import { ConfigError } from '../errors.ts'
import { classify } from './classify.ts'
import { type HttpConfig, requestHeaders, secretsOf, tlsOptions } from './credentials.ts'
import type { Outcome } from './forwarder.ts'
import { failure } from './http-failure.ts'
import { patience } from './patience.ts'
import { within } from './within.ts'

/** Kept of a receiver's answer; the rest is not read. */
const mostWordsBytes = 4096

export interface Answer {
  /** The receiver that was asked. */
  readonly endpoint: string
  /** By the status alone, or by the failure. */
  readonly outcome: Outcome
  /** Absent when none came. */
  readonly headers?: IncomingHttpHeaders
}

export interface HttpSink {
  /** The receiver that the next request goes to: the last one that worked, else the next in line. */
  endpoint(): string
  /** Sends one request and reads the answer. Never throws for what a network or receiver does. */
  exchange(
    method: 'POST' | 'HEAD',
    headers: Readonly<Record<string, string>>,
    body: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<Answer>
  /** The same over a connection of its own, so that it waits for no other; no answer changes where the next one goes. */
  aside: HttpSink['exchange']
  close(): Promise<void>
}

/** @throws {ConfigError} naming the key (and file) that is wrong */
export function httpSink(config: HttpConfig, clock: Clock): HttpSink {
  const urls = endpoints(config)
  const commonHeaders = requestHeaders(config)
  const timeout = config.retry.timeout_seconds * 1000
  const connection = () =>
    new Agent({
      connections: 1,
      keepAliveTimeout: 30_000,
      headersTimeout: 0,
      bodyTimeout: 0,
      // Shorter than the whole, so that an unreachable receiver is told from one that does not answer.
      connect: { ...tlsOptions(config), timeout: Math.ceil(timeout * 0.8) },
    })
  const main = connection()
  let beside: Agent | undefined
  let current = 0
  const url = () => urls[current % urls.length] ?? ''

  const over =
    (agent: () => Agent, turn: () => void): HttpSink['exchange'] =>
    async (method, headers, body, signal) => {
      const target = url()
      const endpoint = shown(target)
      using answered = patience(timeout)
      const deadline = AbortSignal.any([signal, answered.signal])
      try {
        const common = await within(commonHeaders(), deadline)
        const reply = await request(target, {
          dispatcher: agent(),
          method,
          headers: { ...common, ...headers },
          body: body ?? null,
          signal: deadline,
        })
        const words = without(secretsOf(common, target), await firstWords(reply.body))
        const heard = firstOfEach(reply.headers)
        const outcome = classify(reply.statusCode, heard, words, clock.now())
        if (reply.statusCode >= 500 || (outcome.is === 'down' && method === 'POST')) turn()
        return { endpoint, outcome, headers: heard }
      } catch (error) {
        if (!signal.aborted) turn()
        return { endpoint, outcome: failure(error, endpoint, timeout / 1000) }
      }
    }

  return {
    endpoint: () => shown(url()),
    exchange: over(
      () => main,
      () => {
        current += 1
      },
    ),
    aside: over(
      () => {
        beside ??= connection()
        return beside
      },
      () => undefined,
    ),
    async close() {
      await Promise.all([main.destroy(), beside?.destroy()])
    },
  }
}

/** The configured receivers, in order. @throws {ConfigError} */
function endpoints(config: HttpConfig): readonly string[] {
  const { url, urls } = config
  if ((url === undefined) === (urls === undefined))
    throw new ConfigError('Cannot send: give either url or urls')
  const all = urls ?? [url ?? '']
  for (const one of all) {
    const { username, password } = new URL(one)
    if (username !== '' || password !== '') {
      throw new ConfigError(
        `Cannot use the url "${shown(one)}" with a user or password in it: use basic_auth`,
      )
    }
  }
  return all
}

/** A URL as shown: without what may be secret. */
function shown(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

/** A receiver may repeat what it was sent, and its words are shown. */
function without(secrets: readonly string[], words: string): string {
  return secrets.reduce((text, secret) => text.replaceAll(secret, '(hidden)'), words)
}

/** undici gives a list for a header that is there twice. */
function firstOfEach(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  )
}

/** The beginning of an answer on one line. An answer cut off after its status still has that status. */
async function firstWords(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const piece of body) {
      pieces.push(piece)
      bytes += piece.length
      if (bytes >= mostWordsBytes) break
    }
  } catch {
    pieces.push(Buffer.from(' (cut off)'))
  }
  const text = Buffer.concat(pieces).subarray(0, mostWordsBytes).toString('utf8')
  return text.replace(/[\p{Cc}\s]+/gu, ' ').trim()
}
