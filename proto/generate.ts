/**
 * Generates src/forwarders/generated/remote-write.{js,d.ts} from the schema in this folder (README.md).
 * `node proto/generate.ts` writes, `node proto/generate.ts --check` only says which file is stale (exit 1).
 *
 * What the agent never writes is left out: reading, exemplars, native histograms, decoding. The rest of the wire
 * format stays exactly the official one.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import pbjs from 'protobufjs-cli/pbjs.js'

const here = import.meta.dirname
const folder = join(here, '../src/forwarders/generated')
const messages = ['WriteRequest', 'TimeSeries', 'Label', 'Sample', 'MetricMetadata']
const unwritten = { TimeSeries: ['exemplars', 'histograms'] }

/** The official schema of remote write. gogoproto's options only steer Go's own generator, so its file is not needed. */
function officialSchema(): protobuf.Root {
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) =>
    target.startsWith('gogoproto/') ? null : join(here, 'prometheus', target)
  return root.loadSync('remote.proto')
}

/** Takes out of the schema what the agent never writes. */
function reduced(root: protobuf.Root): protobuf.Root {
  const prometheus = root.lookup('prometheus')
  if (!(prometheus instanceof protobuf.Namespace)) throw new Error('Cannot find package "prometheus"')
  for (const [message, fields] of Object.entries(unwritten)) {
    const type = prometheus.lookupType(message)
    for (const name of fields) type.remove(type.get(name) ?? missing(`${message}.${name}`))
  }
  for (const message of messages) prometheus.lookupType(message)
  for (const nested of prometheus.nestedArray) if (!messages.includes(nested.name)) prometheus.remove(nested)
  root.resolveAll()
  return root
}

function missing(name: string): never {
  throw new Error(`Cannot find "${name}" in the schema`)
}

/** Runs pbjs on a schema. @returns the generated files by name */
async function generate(name: string, root: protobuf.Root): Promise<ReadonlyMap<string, string>> {
  const files = [`${name}.js`, `${name}.d.ts`] as const
  const work = await mkdtemp(join(tmpdir(), 'remora-proto-'))
  try {
    const schema = join(work, 'schema.json')
    await writeFile(schema, JSON.stringify(root))
    const target = ['--target=static-module', '--wrap=esm', '--dependency=protobufjs/minimal.js', '--dts']
    const shape = ['--root=remora', '--lint=', '--force-number']
    const left = ['create', 'decode', 'verify', 'convert', 'delimited', 'typeurl'].map(
      (part) => `--no-${part}`,
    )
    await new Promise<void>((resolve, reject) => {
      const out = `--out=${join(work, files[0])}`
      pbjs.main([...target, ...shape, ...left, out, schema], (error) => (error ? reject(error) : resolve()))
    })
    return new Map(
      await Promise.all(files.map(async (name) => [name, await text(join(work, name))] as const)),
    )
  } finally {
    await rm(work, { recursive: true })
  }
}

async function text(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).replace(/\n*$/, '\n')
}

const check = process.argv.includes('--check')
await mkdir(folder, { recursive: true })
const generated = await generate('remote-write', reduced(officialSchema()))
for (const [name, fresh] of generated) {
  const path = join(folder, name)
  const found = await readFile(path, 'utf8').catch(() => undefined)
  if (found === fresh) continue
  if (check) {
    console.error(`Stale: src/forwarders/generated/${name}. Run: node proto/generate.ts`)
    process.exitCode = 1
  } else {
    await writeFile(path, fresh)
    console.log(`src/forwarders/generated/${name}`)
  }
}
