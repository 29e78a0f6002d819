/** One namespace, read directly until the signal, or until it turns out that journalctl is needed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError } from '../../src/errors.ts'
import type { ReadContext, SourceBatch } from '../../src/model.ts'
import { parseCursor } from './cursor.ts'
import { readDirectly } from './direct.ts'
import { UnknownFlagsError } from './file/open-journal.ts'
import type { Mailbox } from './mailbox.ts'
import type { ReadOptions } from './namespace.ts'
import type { Numbers } from './numbers.ts'
import { type JournalPosition, parsePosition } from './position.ts'
import type { Told } from './reader.ts'

/** A file that is not read on would be kept although it was removed, which is memory on a RAM root. */
const holdMilliseconds = 2000
/** After a failure it is begun anew after this, doubled each time until it brings a batch. */
const firstPauseMilliseconds = 250
const mostPauseMilliseconds = 30_000

/** @returns where to go on through journalctl */
export async function readNamespaceDirectly(
  namespace: string,
  begun: JournalPosition | undefined,
  context: ReadContext<ReadOptions>,
  box: Mailbox<SourceBatch>,
  told: Told,
): Promise<JournalPosition | undefined> {
  const { signal, options, skip } = context
  let position = begun
  let pauseMilliseconds = firstPauseMilliseconds
  while (!signal.aborted) {
    let known: Numbers | undefined
    try {
      const what = {
        namespace,
        position,
        options,
        dropped: told.dropped,
        numbers: (numbers: Numbers) => {
          known = numbers
        },
      }
      const reader = readDirectly(what, context, signal)
      for await (const batch of reader.batches) {
        position = parsePosition(batch.positions[0]?.position ?? '')
        const cursor = parseCursor(position.cursor)
        told.progress.set(namespace, { cursor, behind: (files) => known?.behind(files) ?? 0 })
        await held(box.put(batch), reader.close, signal)
        pauseMilliseconds = firstPauseMilliseconds
      }
    } catch (error) {
      if (signal.aborted) return position
      skip(error instanceof Error ? error : new CommandError(String(error)))
      if (error instanceof UnknownFlagsError) return position
    }
    await sleep(pauseMilliseconds, undefined, { signal }).catch(() => undefined)
    pauseMilliseconds = Math.min(mostPauseMilliseconds, pauseMilliseconds * 2)
  }
  return position
}

/** Waits until the batch is taken; lets the files go when that takes long. */
async function held(taken: Promise<void>, letGo: () => void, signal: AbortSignal): Promise<void> {
  const timer = setTimeout(letGo, holdMilliseconds)
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = () => resolve()
  signal.addEventListener('abort', stop)
  try {
    await Promise.race([taken, promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
