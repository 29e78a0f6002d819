/**
 * A small copy of the positions on a file system that outlives the node's RAM root (format.md, Positions): one file for
 * each node, written beside and renamed after acknowledgements, read by a boot whose spool is new. It is never in the
 * way: what cannot be read or written is said and counted.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { describe, ParseError } from '../errors.ts'

const runShape = z.strictObject({
  bootId: z.string(),
  startedMilliseconds: z.int().min(0),
  /** Absent while it runs, and ever after it was killed. */
  stoppedMilliseconds: z.int().min(0).optional(),
  /** Whether the whole machine was stopping then, as systemd says. */
  shutdown: z.boolean().optional(),
})

const shape = z.object({
  version: z.literal(1),
  node: z.string(),
  ledger: z.string(),
  writtenMilliseconds: z.int().min(0),
  run: runShape,
  /** Records that were in quarantine, by source: they died with the spool. */
  quarantined: z.record(z.string(), z.int().min(0)),
  positions: z.array(
    z.strictObject({
      source: z.string(),
      stream: z.string(),
      position: z.string(),
      acknowledged: z.boolean(),
    }),
  ),
})

/** One life of an agent. */
export type Run = z.output<typeof runShape>
export type StateCopy = z.output<typeof shape>

const mostBytes = 16 << 20

/** @throws {Error} if it is no run of this version */
export function parseRun(text: string): Run {
  return runShape.parse(JSON.parse(text))
}

export function stateFile(folder: string, node: string): string {
  return join(folder, `remora-state-${node.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, 64) || '_'}.json`)
}

/** @throws {ParseError} if it is not what `writeStateCopy` wrote, or another node's */
export function parseStateCopy(text: string, node: string): StateCopy {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ParseError(`Cannot parse state copy: it is no JSON`, { cause })
  }
  const parsed = shape.safeParse(value)
  if (!parsed.success)
    throw new ParseError(
      `Cannot parse state copy: ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`,
    )
  if (parsed.data.node !== node)
    throw new ParseError(`Cannot use state copy of node "${parsed.data.node}": this is "${node}"`)
  return parsed.data
}

/** @returns undefined where there is none yet @throws {ParseError}, or the error of the system */
export async function readStateCopy(folder: string, node: string): Promise<StateCopy | undefined> {
  const path = stateFile(folder, node)
  try {
    const bytes = await readFile(path)
    if (bytes.length > mostBytes) throw new ParseError(`Cannot parse state copy "${path}": it is too large`)
    return parseStateCopy(bytes.toString('utf8'), node)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Written beside, synced, renamed, the folder synced. @throws the error of the system */
export async function writeStateCopy(folder: string, copy: StateCopy): Promise<void> {
  const path = stateFile(folder, copy.node)
  await mkdir(folder, { recursive: true })
  {
    await using handle = await open(`${path}.next`, 'w', 0o600)
    await handle.writeFile(`${JSON.stringify(copy)}\n`)
    await handle.sync()
  }
  await rename(`${path}.next`, path)
  await using above = await open(folder, 'r')
  await above.sync().catch((error: unknown) => {
    // Some network file systems know no sync of a folder.
    if (!/EINVAL|ENOTSUP|ENOSYS/.test(describe(error))) throw error
  })
}
