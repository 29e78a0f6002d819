/**
 * One namespace, through journalctl, until the signal. One that ends, hangs, or whose entries nobody takes is stopped and
 * resumed from the last batch; while there is no journal it is waited for.
 */
import { isDeepStrictEqual } from 'node:util'
import { CommandError, describe, ParseError } from '../../src/errors.ts'
import type { ReadContext, SourceBatch } from '../../src/model.ts'
import type { Gathering } from './batch.ts'
import { parseCursor } from './cursor.ts'
import { DamagedFiles } from './damaged.ts'
import { damagedFiles, type JournalFile, type JournalFolder, journalFiles, journalFolders } from './files.ts'
import { type Following, follow } from './follow.ts'
import { lookAgain } from './look-again.ts'
import type { Mailbox } from './mailbox.ts'
import { Numbers } from './numbers.ts'
import { type JournalPosition, parsePosition, streamOf } from './position.ts'
import type { Range } from './range.ts'
import type { Told } from './reader.ts'
import { Resume } from './resume.ts'
import { fieldsOf, filterOf, type Shaping } from './shape.ts'
import { filesSince, findStart, type Initial, type Start } from './start.ts'
import { passedBy, settled, type Tail, Tails } from './tails.ts'
import { createView } from './view.ts'
import { aborted, lookMilliseconds, pause, watch, within } from './waiting.ts'

/** A journalctl that is not read from keeps deleted files alive, which is memory on a RAM root. */
const pauseMilliseconds = 5000
/** One that ended is started again after this, doubled each time until it brings a batch. */
const firstPauseMilliseconds = 250
const mostPauseMilliseconds = 30_000
/** So long a journalctl may be silent while its files hold newer entries; doubled each time until it speaks. */
const firstStallMilliseconds = 10_000
const mostStallMilliseconds = 600_000

export interface ReadOptions extends Shaping {
  readonly reader: 'direct' | 'journalctl'
  readonly initial: Initial
  readonly field_bytes: number
  readonly rejoin_lines: boolean
}

type Context = ReadContext<ReadOptions>

/** @param begun where to go on; undefined: at the begin that the options say */
export async function readNamespace(
  namespace: string,
  begun: JournalPosition | undefined,
  context: Context,
  box: Mailbox<SourceBatch>,
  told: Told,
): Promise<void> {
  const { signal, options, skip } = context
  let position = begun
  let waitMilliseconds = firstPauseMilliseconds
  let stallMilliseconds = firstStallMilliseconds
  let start: Start | undefined
  let ended: readonly Tail[] = []
  const resume = new Resume()
  const tails = new Tails()
  const damages = new DamagedFiles()
  const filter = filterOf(options)
  const fields = fieldsOf(options, told.dropped)
  const files = async () => journalFiles(context.host, await foldersOf(namespace, context))

  while (!signal.aborted) {
    const folders = await foldersOf(namespace, context)
    if (folders.length === 0) {
      await pause(lookMilliseconds, signal)
      continue
    }
    const atStart = await files()
    using view = await createView(
      folders.map(({ path }) => path),
      signal,
    )
    const numbers = new Numbers(position?.last ?? {}, atStart)
    const found = position && settled(ended, numbers, position, namespace, atStart)
    ended = []
    const advance = (text = '') => {
      position = parsePosition(text)
      const cursor = parseCursor(position.cursor)
      told.progress.set(namespace, { behind: (all) => numbers.behind(all), cursor })
    }
    if (found) {
      for (const error of found.lost.inWords(atStart)) skip(error)
      await Promise.race([box.put(found.batch), aborted(signal)])
      advance(found.batch.positions[0]?.position)
    }
    const known = new Set(atStart.map(({ seqnumId }) => seqnumId))
    const isResumed = position !== undefined
    const stopping = new AbortController()
    const until = AbortSignal.any([signal, stopping.signal])
    const lookFor = (range: Range, all: readonly JournalFile[], most?: number) => {
      const before = position && parseCursor(position.cursor)
      return lookAgain(range, before, all, options.field_bytes, { ...context, signal: until }, most)
    }
    let heardAt = performance.now()
    let waiting = true
    let isAtOnce = false

    const look = async () => {
      if (!isDeepStrictEqual(await foldersOf(namespace, context), folders)) stopping.abort()
      const damage = damages.name(await damagedFiles(context.host, await foldersOf(namespace, context)))
      if (damage) skip(damage)
      if (!waiting || until.aborted) return
      const isSilent = performance.now() - heardAt >= stallMilliseconds
      const since = position === undefined ? (start?.sinceMicroseconds ?? 0) : 0
      const all = filesSince(await files(), since)
      const toCome = numbers.toCome(all)
      const due = isSilent ? toCome : position ? passedBy(toCome, all, position) : []
      const found = await tails.look(toCome, due, performance.now(), (range) => lookFor(range, all, 1))
      ended = position ? found.ended : []
      if (isSilent && found.isStuck) {
        stallMilliseconds = Math.min(stallMilliseconds * 2, mostStallMilliseconds)
        const what = `Cannot go on with journal "${streamOf(namespace)}"`
        skip(new CommandError(`${what}: journalctl is silent, begun anew`))
        stopping.abort()
      } else if (ended.length > 0) {
        isAtOnce = true
        stopping.abort()
      }
    }
    const watching = watch(until, look).catch((error: unknown) => {
      if (until.aborted) return
      skip(error instanceof Error ? error : new CommandError(String(error)))
      stopping.abort()
    })

    try {
      if (position === undefined)
        start ??= await findStart(options.initial, view.path, { ...context, signal: until })
      let open: string | undefined
      const following: Following = {
        namespace,
        numbers,
        isBeforeStart: (id: string) => !isResumed && options.initial !== 'all' && known.has(id),
        initial: options.initial,
        files,
        lookAgain: (...[range, before, all]: Parameters<Gathering['lookAgain']>) =>
          lookAgain(range, before, all, options.field_bytes, { ...context, signal: until }),
        filter,
        skip,
        rejoinBytes: options.rejoin_lines ? options.field_bytes : 0,
        fields,
        view: view.path,
        cursor: position?.cursor,
        past: resume.past,
        begin: position === undefined && start ? start.args : [],
        fieldBytes: options.field_bytes,
        heard: () => {
          heardAt = performance.now()
          stallMilliseconds = firstStallMilliseconds
        },
        broke: (cursor) => {
          open = cursor
        },
      }
      try {
        for await (const batch of follow(following, context, until)) {
          waitMilliseconds = firstPauseMilliseconds
          const accident = resume.advanced()
          if (accident) skip(accident)
          advance(batch.positions[0]?.position)
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
        if (until.aborted) throw error
        isAtOnce = await resume.failed(error, open, position?.cursor, files, {
          fieldBytes: options.field_bytes,
          stream: context.stream,
          signal: until,
        })
        if (!isAtOnce) throw error
      }
    } catch (error) {
      if (!until.aborted) skip(error instanceof Error ? error : new CommandError(String(error)))
    } finally {
      stopping.abort()
      await watching
    }
    if (signal.aborted || isAtOnce) continue
    await pause(waitMilliseconds, signal)
    waitMilliseconds = Math.min(mostPauseMilliseconds, waitMilliseconds * 2)
  }
}

/** @returns undefined without one, or where nobody can read it any more, which is told */
export function storedPosition(
  stored: string | undefined,
  namespace: string,
  { skip, options }: Pick<Context, 'skip' | 'options'>,
): JournalPosition | undefined {
  if (stored === undefined) return undefined
  try {
    const position = parsePosition(stored)
    parseCursor(position.cursor)
    return position
  } catch (cause) {
    const what = `Cannot go on with journal "${streamOf(namespace)}" where it was, begun at ${options.initial}`
    skip(new ParseError(`${what}: ${describe(cause)}`))
    return undefined
  }
}

async function foldersOf(namespace: string, { host }: Context): Promise<JournalFolder[]> {
  return (await journalFolders(host)).filter((one) => one.namespace === namespace)
}
