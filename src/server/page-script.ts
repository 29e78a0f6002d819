/** /page.js: the script of the page, asked for again only when it has changed. */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { acceptsGzip } from './accept.ts'
import type { Answer } from './answer.ts'
import { pageScript } from './script.ts'

interface Script {
  readonly compressed: Buffer
  readonly tag: string
}

let script: Promise<Script> | undefined

async function load(): Promise<Script> {
  const compressed = await pageScript()
  const tag = createHash('sha256').update(compressed).digest('base64url').slice(0, 22)
  return { compressed, tag: `"${tag}"` }
}

export async function pageScriptAnswer(headers: IncomingHttpHeaders): Promise<Answer> {
  script ??= load()
  const { compressed, tag } = await script
  const type = 'text/javascript; charset=utf-8'
  const common = { ETag: tag, 'Cache-Control': 'no-cache', Vary: 'Accept-Encoding' }
  if (headers['if-none-match'] === tag) return { status: 304, type, body: '', headers: common }
  if (!acceptsGzip(headers['accept-encoding']?.toString()))
    return { status: 200, type, body: gunzipSync(compressed), headers: common }
  return { status: 200, type, body: compressed, headers: { ...common, 'Content-Encoding': 'gzip' } }
}
