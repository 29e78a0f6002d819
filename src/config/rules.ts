/** What the schema cannot say: keys that depend on each other, and what is allowed but unwise. */
import { resolve, sep } from 'node:path'
import { validate } from 'node-cron'
import type { Config } from '../config-schema.ts'
import type { FileSinkConfig, SinkConfig } from '../sink-schemas.ts'
import { member, nearest, type Path } from './keys.ts'

export interface Finding {
  readonly path: Path
  /** Follows the path and its value. */
  readonly words: string
  /** The key should be there and is not: the path stands for its place. */
  readonly missing?: boolean
  /** It is about the key, not its value. */
  readonly key?: boolean
  /** Other keys this rests on: while one of them is wrong itself, nothing is said. */
  readonly about?: readonly Path[]
}

type HttpSinkConfig = Exclude<SinkConfig, FileSinkConfig>

export interface Known {
  /** Source names that a sink may take. */
  readonly sources: readonly string[]
  /** The configuration as written: what is there, right or wrong. */
  readonly written: unknown
}

/** The rules that a configuration breaks. */
export function* violations(config: Config, known: Known): Iterable<Finding> {
  yield* schedules(config)
  const port = Number(config.server.listen.replace(/.*:/, ''))
  if (port > 65535) yield { path: ['server', 'listen'], words: 'expected a port from 0 to 65535' }
  const folders = new Map<string, string>()
  for (const [name, sink] of Object.entries(config.sinks)) {
    const path = ['sinks', name]
    if (sink.retry.first_seconds > sink.retry.most_seconds)
      yield {
        path: [...path, 'retry', 'first_seconds'],
        words: `expected at most most_seconds, which is ${sink.retry.most_seconds}`,
        about: [[...path, 'retry', 'most_seconds']],
      }
    for (const [index, source] of (sink.sources ?? []).entries())
      if (!known.sources.includes(source)) {
        const near = nearest(source, known.sources, 3)
        const hint = near ? `; did you mean "${near}"?` : '.'
        yield {
          path: [...path, 'sources', index],
          words: `unknown source${hint} Known: ${known.sources.join(', ')}`,
        }
      }
    if (sink.type !== 'file') {
      yield* receiver(path, sink, member(member(known.written, 'sinks'), name))
      if (sink.type === 'loki') yield* labelCount(path, sink.labels)
      continue
    }
    const folder = resolve(sink.path)
    const owner = folders.get(folder)
    if (owner !== undefined)
      yield {
        path: [...path, 'path'],
        words: `already the folder of sinks.${owner}`,
        about: [['sinks', owner, 'path']],
      }
    folders.set(folder, owner ?? name)
    if (`${folder}${sep}`.startsWith(`${resolve(config.spool.path)}${sep}`))
      yield {
        path: [...path, 'path'],
        words: `expected a folder outside the spool's, which is spool.path "${config.spool.path}"`,
        about: [['spool', 'path']],
      }
    if (sink.segment_bytes > sink.max_bytes)
      yield {
        path: [...path, 'segment_bytes'],
        words: `expected at most max_bytes, which is ${sink.max_bytes}`,
        about: [[...path, 'max_bytes']],
      }
  }
}

function* schedules(config: Config): Iterable<Finding> {
  const found: [Path, unknown][] = [[['push', 'schedule'], config.push.schedule]]
  for (const [name, section] of Object.entries(config.collectors))
    found.push([['collectors', name, 'schedule'], member(section, 'schedule')])
  for (const [path, schedule] of found)
    if (typeof schedule === 'string' && !validate(schedule))
      yield { path, words: 'expected a cron expression: second minute hour day month weekday' }
}

function* receiver(path: Path, sink: HttpSinkConfig, written: unknown): Iterable<Finding> {
  const has = (key: string) => member(written, key) !== undefined
  if (has('url') && has('urls')) yield { path: [...path, 'urls'], words: 'not together with url' }
  if (!has('url') && !has('urls'))
    yield { path: [...path, 'url'], words: 'expected url, or urls for several', missing: true }
  const urls: [Path, string][] = (sink.urls ?? []).map((url, index) => [[...path, 'urls', index], url])
  if (sink.url !== undefined) urls.push([[...path, 'url'], sink.url])
  for (const [at, url] of urls) {
    const { username, password } = new URL(url)
    if (username || password)
      yield { path: at, words: 'expected no credentials in it: basic_auth or bearer_token_file hold them' }
  }
  if (has('bearer_token_file') && has('basic_auth'))
    yield { path: [...path, 'basic_auth'], words: 'not together with bearer_token_file' }
  const tls = member(written, 'tls')
  const [cert, key] = ['cert_file', 'key_file'].map((name) => member(tls, name) !== undefined)
  if (cert && !key)
    yield { path: [...path, 'tls', 'key_file'], words: 'expected with cert_file', missing: true }
  if (key && !cert)
    yield { path: [...path, 'tls', 'cert_file'], words: 'expected with key_file', missing: true }
}

/** Loki refuses a stream of more than 15 labels; five are there without any of these. */
function* labelCount(path: Path, labels: Readonly<Record<string, string>>): Iterable<Finding> {
  const count = new Set([...lokiLabels, ...Object.keys(labels)]).size
  if (count > mostLokiLabels)
    yield {
      path: [...path, 'labels'],
      words: `expected at most ${mostLokiLabels - lokiLabels.length} beside ${lokiLabels.join(', ')}`,
    }
}
const lokiLabels = ['job', 'host', 'source', 'unit', 'level']
const mostLokiLabels = 15

/** What is allowed, and an operator should know. */
export function* cautions(config: Config): Iterable<Finding> {
  const host = config.server.listen.replace(/:\d+$/, '')
  if (!/^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(host))
    yield { path: ['server', 'listen'], words: 'reachable from other machines, without authentication' }
  const sinks = Object.values(config.sinks)
  const required = sinks.filter((sink) => sink.required)
  if (sinks.length === 0) yield { path: ['sinks'], words: 'none: nothing leaves this node' }
  else if (required.length === 0)
    yield { path: ['sinks'], words: 'none is required: records are given up before any sink has them' }
  else if (!required.some((sink) => sink.off_node))
    yield { path: ['sinks'], words: 'no required one is off this node: what is only here is lost with it' }
}
