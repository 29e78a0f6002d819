/** Answers by gzip, for clients that take it. */
import type { IncomingHttpHeaders } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { acceptsGzip } from './accept.ts'
import type { Answer } from './answer.ts'

const compress = promisify(gzip)

export async function compressed(requested: IncomingHttpHeaders, answer: Answer): Promise<Answer> {
  const headers = { Vary: 'Accept-Encoding', ...answer.headers }
  if (!acceptsGzip(requested['accept-encoding']?.toString())) return { ...answer, headers }
  const body = await compress(answer.body, { level: 1 })
  return { ...answer, body, headers: { ...headers, 'Content-Encoding': 'gzip' } }
}
