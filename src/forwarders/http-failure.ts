/** What a request that got no answer means: whether the receiver may have taken it, and who must act. */
import type { Outcome } from './forwarder.ts'

/** Failures of certificates and of the handshake (Node documentation, tls, X509 certificate error codes; OpenSSL). */
const tls =
  /^(ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERROR_IN_|INVALID_(CA|PURPOSE)$|PATH_LENGTH_|HOSTNAME_)/

/** Failures before anything was sent, beside those of the `connect` call itself. */
const unsent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** @returns `down` for TLS, else `retry`: `unanswered` unless it is certain that nothing was sent */
export function failure(error: unknown, endpoint: string, timeoutSeconds: number): Outcome {
  const code = property(error, 'code')
  if (tls.test(code)) return { is: 'down', words: `Cannot trust ${endpoint}: ${reason(error)} (${code})` }
  const name = property(error, 'name')
  if (name === 'TimeoutError') {
    return { is: 'retry', words: `${endpoint} has not answered for ${timeoutSeconds} s`, unanswered: true }
  }
  if (name === 'AbortError')
    return { is: 'retry', words: `Stopped before ${endpoint} answered`, unanswered: true }
  const words = `Cannot reach ${endpoint}: ${reason(error)}`
  return unsent.has(code) || property(error, 'syscall') === 'connect'
    ? { is: 'retry', words }
    : { is: 'retry', words, unanswered: true }
}

/** A failed connection to all addresses of a name has no message of its own. */
function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join(', ')
  return error instanceof Error ? error.message : String(error)
}

function property(error: unknown, name: string): string {
  if (typeof error !== 'object' || error === null || !(name in error)) return ''
  return String(Reflect.get(error, name))
}
