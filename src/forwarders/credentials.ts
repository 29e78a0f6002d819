/** What an HTTP sink shows to a receiver: TLS files, request headers, and the authorization that goes with them. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { ConfigError, describe } from '../errors.ts'
import type { PrometheusSinkConfig } from '../sink-schemas.ts'
import { version } from '../version.ts'
import { secretFile } from './secret.ts'

/** The part of a sink's configuration that every HTTP sink has. */
export type HttpConfig = Pick<
  PrometheusSinkConfig,
  'url' | 'urls' | 'bearer_token_file' | 'basic_auth' | 'headers' | 'tls' | 'retry'
>

export interface TlsOptions {
  ca?: string
  cert?: string
  key?: string
  servername?: string
}

/** Headers that frame the request itself. */
const framing = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** @throws {ConfigError} naming the key and the file that cannot be used */
export function tlsOptions(config: HttpConfig): TlsOptions {
  const { ca_file, cert_file, key_file, server_name } = config.tls ?? {}
  if ((cert_file === undefined) !== (key_file === undefined)) {
    throw new ConfigError('Cannot use tls: cert_file and key_file go together')
  }
  const options: TlsOptions = server_name === undefined ? {} : { servername: server_name }
  if (ca_file !== undefined) {
    options.ca = attempt('tls.ca_file', ca_file, () => {
      const text = readFileSync(ca_file, 'utf8')
      new X509Certificate(text) // TLS itself would take garbage in silence.
      return text
    })
  }
  if (cert_file !== undefined && key_file !== undefined) {
    const cert = attempt('tls.cert_file', cert_file, () => {
      const text = readFileSync(cert_file, 'utf8')
      new X509Certificate(text)
      return text
    })
    const key = attempt('tls.key_file', key_file, () => {
      const text = readFileSync(key_file, 'utf8')
      createSecureContext({ cert, key: text })
      return text
    })
    Object.assign(options, { cert, key })
  }
  return options
}

function attempt<T>(key: string, path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new ConfigError(`Cannot use ${key} "${path}": ${describe(error)}`)
  }
}

/**
 * The headers of every request: who we are, the configured ones, and an authorization that follows its file.
 * @throws {ConfigError} for a header that frames the request, a value no header can carry, or a bad secret file
 */
export function requestHeaders(config: HttpConfig): () => Promise<Record<string, string>> {
  const fixed: Record<string, string> = { 'user-agent': `remora/${version}` }
  for (const [name, value] of Object.entries(config.headers)) {
    if (framing.has(name.toLowerCase())) {
      throw new ConfigError(`Cannot set headers.${name}: the sink sets it itself`)
    }
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new ConfigError(`Cannot set headers.${name}: it has characters that no header can carry`)
    }
    fixed[name.toLowerCase()] = value
  }
  const { bearer_token_file, basic_auth } = config
  if (bearer_token_file !== undefined && basic_auth !== undefined) {
    throw new ConfigError('Cannot use bearer_token_file together with basic_auth')
  }
  if (bearer_token_file !== undefined) {
    const token = secretFile('bearer_token_file', bearer_token_file)
    return async () => ({ ...fixed, authorization: `Bearer ${await token.current()}` })
  }
  if (basic_auth !== undefined) {
    const password = secretFile('basic_auth.password_file', basic_auth.password_file)
    return async () => {
      const pair = Buffer.from(`${basic_auth.username}:${await password.current()}`)
      return { ...fixed, authorization: `Basic ${pair.toString('base64')}` }
    }
  }
  return async () => fixed
}

/** Shorter texts are no secrets, and would spoil every word they are part of. */
const leastSecretLength = 6

/** What of a request only its receiver may see, the longest first: header values, what is in them, the query of its URL. */
export function secretsOf(headers: Readonly<Record<string, string>>, url: string): string[] {
  const { 'user-agent': _, ...own } = headers
  const { authorization = '' } = own
  const credentials = authorization.slice(authorization.indexOf(' ') + 1)
  const pair = authorization.startsWith('Basic ') ? Buffer.from(credentials, 'base64').toString('utf8') : ''
  const { search, searchParams } = new URL(url)
  const query = [search.slice(1), ...search.slice(1).split(/[&=]/), ...searchParams.values()]
  return [...Object.values(own), credentials, pair, pair.slice(pair.indexOf(':') + 1), ...query]
    .filter((text) => text.length >= leastSecretLength)
    .sort((a, b) => b.length - a.length)
}
