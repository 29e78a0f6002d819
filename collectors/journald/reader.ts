/** Every namespace of this machine's journal, each read from its own position: its files directly, or through journalctl. */
import type { ReadContext, SourceBatch } from '../../src/model.ts'
import { readNamespaceDirectly } from './direct-namespace.ts'
import { journalFolders } from './files.ts'
import { Mailbox } from './mailbox.ts'
import { type ReadOptions, readNamespace, storedPosition } from './namespace.ts'
import { streamOf } from './position.ts'
import type { Progress } from './progress.ts'
import { lookMilliseconds, pause } from './waiting.ts'

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
    const work = readFrom(namespace, { ...context, signal }, box, told)
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

async function readFrom(namespace: string, context: Context, box: Box, told: Told): Promise<void> {
  const stored = storedPosition(context.positions.get(streamOf(namespace)), namespace, context)
  const begun =
    context.options.reader === 'direct'
      ? await readNamespaceDirectly(namespace, stored, context, box, told)
      : stored
  await readNamespace(namespace, begun, context, box, told)
}
