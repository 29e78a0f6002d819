/**
 * Loads the configuration: --config, REMORA_CONFIG, /etc/remora.yaml, defaults (first found wins), then the
 * environment's overrides, checked by the one schema. All that is wrong is said at once, each with its place.
 */
import { isUtf8 } from 'node:buffer'
import { open } from 'node:fs/promises'
import { stringify } from 'yaml'
import { collectors } from '../collectors/all.ts'
import { override } from './config/environment.ts'
import { type ConfigFile, readYaml } from './config/file.ts'
import { findingsOf, soundPart, valueAt } from './config/issues.ts'
import { keyTree, type Path, pathText } from './config/keys.ts'
import { cautions, type Finding, violations } from './config/rules.ts'
import { hideSecrets, shown } from './config/secrets.ts'
import { type Config, configSchema } from './config-schema.ts'
import { ConfigError, describe } from './errors.ts'
import { metricsSource, ownSource } from './spool/spool.ts'

const wellKnown = '/etc/remora.yaml'
/** Hundreds of times what anybody writes: more is another file, or a device without an end. */
const mostBytes = 1 << 20
/** A file that is wrong everywhere is told no more of. */
const mostMistakes = 100
const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
}

export interface ConfigSources {
  /** The value of --config. */
  readonly file?: string | undefined
  /** The environment: REMORA_CONFIG and the overrides. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile?: (path: string) => Promise<string>
  /** Names of event sources beside the collectors, which a sink may take. */
  readonly sources?: readonly string[]
}

export interface LoadedConfig {
  readonly config: Config
  /** The file, or `defaults`; with the names of the variables that override it. */
  readonly origin: string
  /** What is allowed and unwise, each a line. */
  readonly warnings: readonly string[]
}

/** @throws {ConfigError} with a line for each mistake: `Cannot use FILE:LINE:COLUMN: KEY "VALUE": WHAT IS EXPECTED` */
export async function loadConfig(from: ConfigSources): Promise<LoadedConfig> {
  const { name, text } = await find(from)
  const file = readYaml(text)
  if (file.errors.length > 0)
    throw refusal(
      name,
      file.errors.map(({ line, column, words }) => `${name}:${line}:${column}: ${words}`),
    )
  const root = keyTree()
  const { value, variables, errors } = override(from.env, root, file.value)
  const parsed = configSchema.safeParse(value)
  const issues = parsed.success ? [] : parsed.error.issues
  const wrong = findingsOf(issues, root, value, mostMistakes)
  const sound = parsed.success ? parsed.data : soundPart(value)
  const sources = [
    metricsSource,
    ownSource,
    ...collectors.map((collector) => collector.name),
    ...(from.sources ?? []),
  ]
  const broken = sound ? [...violations(sound, { sources, written: value })] : []
  const alone = broken.filter(({ path, about = [] }) =>
    [path, ...about].every((one) => !wrong.some((other) => starts(one, other.path))),
  )
  const places = placesIn(name, file, variables)
  const line = (finding: Finding) => `${places.of(finding)}: ${sentence(finding, value, sound)}`
  const found = [...wrong, ...alone].slice(0, mostMistakes)
  const all = found.sort((a, b) => places.order(a) - places.order(b))
  if (!parsed.success || all.length > 0 || errors.length > 0)
    throw refusal(name, [...all.map(line), ...errors])
  return {
    config: parsed.data,
    origin: [name, ...variables.keys()].join(', '),
    warnings: [...cautions(parsed.data)].map((finding) =>
      valueAt(value, finding.path) === undefined ? sentence(finding, value, sound) : line(finding),
    ),
  }
}

/**
 * What is right in a configuration that may be wrong, with defaults for the rest, so that a node can be looked at all the
 * same. Of a file that is no YAML, or that cannot be read, nothing is.
 */
export async function soundConfig(from: ConfigSources): Promise<Config> {
  const text = await find(from).then(
    (found) => found.text,
    () => '',
  )
  const { value } = override(from.env, keyTree(), readYaml(text).value)
  return soundPart(value) ?? configSchema.parse({})
}

/** The effective configuration as YAML for `remora check`, without anything secret, and its warnings as comments. */
export function checkReport(config: Config, origin: string, warnings: readonly string[] = []): string {
  const comments = [`from ${origin}`, ...warnings.map((warning) => `warning: ${warning}`)]
  return `${comments.map((comment) => `# ${comment}`).join('\n')}\n${stringify(hideSecrets(config), { lineWidth: 0 })}`
}

/** The same for a machine: `{ origin, warnings, config }`. */
export function checkJson(config: Config, origin: string, warnings: readonly string[] = []): string {
  return `${JSON.stringify({ origin, warnings, config: hideSecrets(config) }, null, 2)}\n`
}

async function find({ file, env, readFile = readText }: ConfigSources) {
  const named = file ?? (env.REMORA_CONFIG || undefined)
  const name = named ?? wellKnown
  try {
    return { name, text: await readFile(name) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOENT' && named === undefined) return { name: 'defaults', text: '' }
    throw new ConfigError(`Cannot use configuration "${name}": ${unreadable[code] ?? describe(error)}`)
  }
}

async function readText(path: string): Promise<string> {
  await using file = await open(path)
  const bytes = Buffer.allocUnsafe(mostBytes + 1)
  let length = 0
  for (let read = -1; read !== 0; length += read)
    read = (await file.read(bytes, length, bytes.length - length)).bytesRead
  if (length > mostBytes) throw new Error(`more than ${mostBytes} bytes`)
  const text = bytes.subarray(0, length)
  if (!isUtf8(text)) throw new Error('it is not UTF-8 text')
  return text.toString('utf8')
}

function refusal(name: string, lines: readonly string[]): ConfigError {
  const told = lines.slice(0, mostMistakes)
  if (lines.length >= mostMistakes) told.push(`${name}: no more than ${mostMistakes} mistakes are told`)
  return new ConfigError(told.map((line) => `Cannot use ${line}`).join('\n'))
}

function sentence({ path, words, missing, key }: Finding, value: unknown, sound: Config | undefined): string {
  if (missing) return `${pathText(path)} is missing: ${words}`
  if (path.length === 0) return words
  const written = valueAt(value, path)
  // A rule may be about a default.
  const found = written === undefined ? valueAt(sound, path) : written
  return `${pathText(path)}${key ? '' : shown(path, found)}: ${words}`
}

/** Where findings are: the variable that set what they are about, else the place in the file. */
function placesIn(name: string, file: ConfigFile, variables: ReadonlyMap<string, Path>) {
  const variableOf = (path: Path, missing = false) => {
    const around = missing ? path.slice(0, -1) : path
    const inFile = valueAt(file.value, around) !== undefined
    return [...variables]
      .filter(([, set]) => starts(path, set) || (missing && !inFile && starts(set, around)))
      .map(([variable]) => variable)
      .at(-1)
  }
  const place = ({ path, about = [], missing, key }: Finding) => {
    // A default can be wrong only because of a key beside it.
    const written = [path, ...about].find(
      (one) => variableOf(one) !== undefined || valueAt(file.value, one) !== undefined,
    )
    const at = missing ? path : (written ?? path)
    return { variable: variableOf(at, missing), ...file.locate(at, key ? 'key' : 'value') }
  }
  return {
    of(finding: Finding): string {
      const { variable, line, column } = place(finding)
      return variable ?? `${name}:${line}:${column}`
    },
    /** The file from top to bottom, then the environment. */
    order(finding: Finding): number {
      const { variable, line, column } = place(finding)
      return variable === undefined ? line * 1e6 + column : Number.MAX_SAFE_INTEGER
    },
  }
}

function starts(path: Path, prefix: Path): boolean {
  return prefix.every((word, index) => path[index] === word)
}
