/**
 * Every namespace of this machine's journal, each read by a journalctl of its own from its own position. One that ends,
 * hangs, or whose entries nobody takes is stopped and resumed from the last batch.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { CommandError } from '../../src/errors.ts'
import type { ReadContext, SourceBatch } from '../../src/model.ts'
import type { Gathering } from './batch.ts'
import { parseCursor } from './cursor.ts'
import { readNamespaceDirectly } from './direct-namespace.ts'
import { type JournalFile, type JournalFolder, journalFiles, journalFolders } from './files.ts'
import { follow } from './follow.ts'
import { lookAgain } from './look-again.ts'
import { Mailbox } from './mailbox.ts'
import { Numbers } from './numbers.ts'
import { type JournalPosition, parsePosition, streamOf } from './position.ts'
import type { Progress } from './progress.ts'
import { fieldsOf, filterOf, type Shaping } from './shape.ts'
import { filesSince, findStart, type Initial, type Start } from './start.ts'
import { createView } from './view.ts'

/** How often namespaces and folders are looked for, and a silent journalctl is compared with its files. */
const lookMilliseconds = 3000
/** A journalctl that is not read from keeps deleted files alive, which is memory on a RAM root. */
const pauseMilliseconds = 5000
/** One that ended is started again after this, doubled each time until it brings a batch. */
const firstPauseMilliseconds = 250
const mostPauseMilliseconds = 30_000
/** So long a journalctl may be silent while its files hold newer entries. */
const stallMilliseconds = 10_000
/** So often it is begun anew for the same entries, which may be damaged. */
const mostStalls = 3

export interface ReadOptions extends Shaping {
  readonly reader: 'direct' | 'journalctl'
  readonly initial: Initial
  readonly field_bytes: number
  readonly rejoin_lines: boolean
}

/** What collect() shows of the reading. */
export interface Told {
  /** Called for each field that is left out. */
  dropped(): void
  /** By namespace. */
  readonly progress: Map<string, Progress>
}

type Context = ReadContext<ReadOptions>
type Box = Mailbox<SourceBatch>

export async function* readJournals(context: Context, told: Told): AsyncGenerator<SourceBatch, void> {
  const left = new AbortController()
  const signal = AbortSignal.any([context.signal, left.signal])
  const box: Box = new Mailbox()
  const stop = () => box.fail(signal.reason)
  signal.addEventListener('abort', stop)
  const reading = new Map<string, Promise<void>>()
  const looking = lookForNamespaces(context, signal, (namespace) => {
    if (reading.has(namespace)) return
    const work = readNamespace(namespace, { ...context, signal }, box, told)
    reading.set(
      namespace,
      work.catch((error: unknown) => box.fail(error)),
    )
  }).catch((error: unknown) => box.fail(error))
  try {
    for (;;) yield await box.take()
  } finally {
    left.abort()
    await Promise.all([looking, ...reading.values()])
  }
}

async function lookForNamespaces(
  { host }: Context,
  signal: AbortSignal,
  found: (namespace: string) => void,
): Promise<void> {
  while (!signal.aborted) {
    for (const { namespace } of await journalFolders(host)) found(namespace)
    await pause(lookMilliseconds, signal)
  }
}

/** Reads one namespace until the signal; while it has no journal it is waited for. */
async function readNamespace(namespace: string, context: Context, box: Box, told: Told): Promise<void> {
  const { signal, options, skip } = context
  const stored = context.positions.get(streamOf(namespace))
  let position: JournalPosition | undefined =
    options.reader === 'direct'
      ? await readNamespaceDirectly(namespace, context, box, told)
      : stored === undefined
        ? undefined
        : parsePosition(stored)
  let waitMilliseconds = firstPauseMilliseconds
  let start: Start | undefined
  let stalled = { behind: 0, times: 0 }
  const filter = filterOf(options)
  const fields = fieldsOf(options, told.dropped)

  while (!signal.aborted) {
    const folders = await foldersOf(namespace, context)
    if (folders.length === 0) {
      await pause(lookMilliseconds, signal)
      continue
    }
    const files = () => filesOf(namespace, context)
    const atStart = await files()
    using view = await createView(
      folders.map(({ path }) => path),
      signal,
    )
    const numbers = new Numbers(position?.last ?? {}, atStart)
    const known = new Set(atStart.map(({ seqnumId }) => seqnumId))
    const isResumed = position !== undefined
    const stopping = new AbortController()
    const until = AbortSignal.any([signal, stopping.signal])
    let heardAt = performance.now()
    let waiting = true
    const watching = watch(until, async () => {
      if (!isDeepStrictEqual(await foldersOf(namespace, context), folders)) stopping.abort()
      if (!waiting || performance.now() - heardAt < stallMilliseconds) return
      const since = position === undefined ? (start?.sinceMicroseconds ?? 0) : 0
      const behind = numbers.behind(filesSince(await files(), since))
      if (behind === 0 || (behind === stalled.behind && stalled.times >= mostStalls)) return
      stalled = { behind, times: behind === stalled.behind ? stalled.times + 1 : 1 }
      skip(
        new CommandError(
          `Cannot go on with journal "${streamOf(namespace)}": journalctl is silent, begun anew`,
        ),
      )
      stopping.abort()
    })
    try {
      if (position === undefined)
        start ??= await findStart(options.initial, view.path, { ...context, signal: until })
      const begin = position === undefined && start ? start.args : []
      const following = {
        namespace,
        numbers,
        isBeforeStart: (id: string) => !isResumed && options.initial !== 'all' && known.has(id),
        initial: options.initial,
        files,
        lookAgain: (...[range, seqnumId, before, all]: Parameters<Gathering['lookAgain']>) =>
          lookAgain(range, seqnumId, before, all, options.field_bytes, { ...context, signal: until }),
        filter,
        skip,
        rejoinBytes: options.rejoin_lines ? options.field_bytes : 0,
        fields,
        view: view.path,
        cursor: position?.cursor,
        begin,
        fieldBytes: options.field_bytes,
        heard: () => {
          heardAt = performance.now()
        },
      }
      for await (const batch of follow(following, context, until)) {
        waitMilliseconds = firstPauseMilliseconds
        position = parsePosition(batch.positions[0]?.position ?? '')
        told.progress.set(namespace, {
          behind: (all) => numbers.behind(all),
          cursor: parseCursor(position.cursor),
        })
        waiting = false
        const taken = box.put(batch)
        const inTime = await within(taken, pauseMilliseconds, signal)
        if (!inTime) {
          stopping.abort()
          await Promise.race([taken, aborted(signal)])
          break
        }
        waiting = true
        heardAt = performance.now()
      }
    } catch (error) {
      if (!until.aborted) skip(error instanceof Error ? error : new CommandError(String(error)))
    } finally {
      stopping.abort()
      await watching
    }
    if (!signal.aborted) await pause(waitMilliseconds, signal)
    waitMilliseconds = Math.min(mostPauseMilliseconds, waitMilliseconds * 2)
  }
}

async function foldersOf(namespace: string, { host }: Context): Promise<JournalFolder[]> {
  return (await journalFolders(host)).filter((one) => one.namespace === namespace)
}

async function filesOf(namespace: string, { host }: Context): Promise<JournalFile[]> {
  return journalFiles(
    host,
    (await journalFolders(host)).filter((one) => one.namespace === namespace),
  )
}

async function watch(signal: AbortSignal, look: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await pause(lookMilliseconds, signal)
    if (!signal.aborted) await look()
  }
}

/** Sleeps, or less at the signal. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return sleep(milliseconds, undefined, { signal }).catch(() => undefined)
}

async function within(promise: Promise<void>, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  const over = new AbortController()
  const late = sleep(milliseconds, false, { signal: AbortSignal.any([over.signal, signal]) }).catch(
    () => false,
  )
  const inTime = await Promise.race([promise.then(() => true), late])
  over.abort()
  return inTime
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
