/**
 * pstore: what the kernel saved when an earlier boot crashed. One event for each crash, the dump behind it in pieces, all
 * of one stream; its files are unlinked once every required sink on another machine has it, and nowhere else.
 * @see Linux Documentation/ABI/testing/pstore, systemd-pstore.service(8)
 */

import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import { ParseError } from '../../src/errors.ts'
import { type CollectContext, gauge, type Presence, withOptions } from '../../src/model.ts'
import { contentHash, crashes } from './crash.ts'
import { pstoreEvents } from './events.ts'
import { kernelFolder, listed, records, systemdFolder, unlinkRecords } from './places.ts'
import { recordsOf } from './records.ts'

/** systemd-pstore moves records after the boot, and a file system may be mounted late. */
const lookMilliseconds = 30_000

const files = gauge(
  'node_pstore_files',
  'none',
  '/sys/fs/pstore',
  'Files of crash records that are still there: in the kernel, or where systemd moved them.',
  ['place'],
)

const options = z.strictObject({
  unlink: z
    .boolean()
    .default(true)
    .describe(
      'Unlinks the files of a crash once every required sink on another machine has acknowledged it. Off, they are sent again after each boot.',
    ),
})

/** What is looked at and what is unlinked, in turn: a crash of which some files are gone looks like another one. */
let turn: Promise<unknown> = Promise.resolve()

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = turn.then(work)
  turn = done.catch(() => undefined) // Whoever asked is told.
  return done
}

const positionShape = z.object({ files: z.array(z.object({ name: z.string(), hash: z.string() })) })

export const pstore = withOptions({
  name: 'pstore',
  metrics: [files],
  events: pstoreEvents,

  options,
  probe,
  async *collect(context) {
    if (!(await probe(context)).here) return
    const { kernel, systemd } = await listed(context)
    yield { metric: files, value: kernel.length, labels: { place: 'kernel' } }
    yield { metric: files, value: systemd.length, labels: { place: 'systemd' } }
  },
  async *read(context) {
    const known = new Set(context.positions.keys())
    const told = new Set<string>()
    const skip = (error: Error) => {
      if (!told.has(error.message)) context.skip(error)
      told.add(error.message)
    }
    const sent = sentFiles(context.positions, skip)
    for (;;) {
      for (const crash of crashes(await inTurn(() => records(context, skip)))) {
        const position = {
          files: crash.files.map(({ name, bytes }) => ({ name, hash: contentHash(bytes) })),
        }
        // What is left of one that was sent, when the agent was killed while it unlinked, is not another one.
        if (known.has(crash.stream) || position.files.every((file) => sent.has(keyOf(file)))) continue
        yield {
          records: recordsOf(crash, BigInt(Date.now()) * 1_000_000n),
          positions: [{ stream: crash.stream, position: JSON.stringify(position) }],
        }
        known.add(crash.stream)
        for (const file of position.files) sent.add(keyOf(file))
      }
      await sleep(lookMilliseconds, undefined, { signal: context.signal })
    }
  },
  async acknowledged(stream, position, context) {
    if (!context.options.unlink) return
    await inTurn(() => unlinkRecords(context, filesOf(stream, position)))
  },
})

/** The files of every crash that was sent, each by its name and content. */
function sentFiles(positions: ReadonlyMap<string, string>, skip: (error: Error) => void): Set<string> {
  const sent = new Set<string>()
  for (const [stream, position] of positions) {
    try {
      for (const file of filesOf(stream, position)) sent.add(keyOf(file))
    } catch (error) {
      skip(error instanceof Error ? error : new Error(String(error)))
    }
  }
  return sent
}

function keyOf({ name, hash }: { readonly name: string; readonly hash: string }): string {
  return `${name} ${hash}`
}

/** @throws {ParseError} if the position is not what `read` made */
function filesOf(stream: string, position: string) {
  try {
    return positionShape.parse(JSON.parse(position)).files
  } catch (cause) {
    throw new ParseError(`Cannot parse pstore position of "${stream}" "${position.slice(0, 200)}"`, { cause })
  }
}

async function probe({ sys, proc, host }: CollectContext): Promise<Presence> {
  if (await host.exists(systemdFolder)) return { here: true }
  const folder = sys.resolve(kernelFolder)
  if (!(await sys.exists(kernelFolder)))
    return { here: false, why: `there is no ${folder}: this kernel keeps no crash records` }
  const mounts = (await proc.read('self/mounts')) ?? ''
  const isMounted = mounts.split('\n').some((line) => line.split(' ')[2] === 'pstore')
  if (!isMounted && (await sys.list(kernelFolder)).length === 0)
    return { here: false, why: `nothing is mounted there; \`mount -t pstore pstore ${folder}\`` }
  return { here: true }
}
