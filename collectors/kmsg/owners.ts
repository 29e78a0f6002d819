/**
 * What kmsg and journald know of each other while one agent reads both. What each has spooled is in its committed
 * positions; a batch that is yielded and not yet committed is claimed here, so that both cannot take one record.
 * Everything here may die with the process: what was claimed and not committed is read and decided again.
 */
import { EventEmitter, once } from 'node:events'
import type { SourceBatch } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'
import { covers, type Stretch } from './stretches.ts'

export type Owner = 'kmsg' | 'journald'

export class KernelOwners {
  readonly #claims = new Map<Owner, readonly Stretch[]>()
  readonly #emitter = new EventEmitter<{ move: []; look: [] }>().setMaxListeners(0)
  #moves = 0
  #readers = 0

  /** Changes with every claim and release: what was read of positions before is stale. */
  get moves(): number {
    return this.#moves
  }

  /** Whether kmsg is being read. */
  get isKmsgRead(): boolean {
    return this.#readers > 0
  }

  /** Says that kmsg is being read, until disposed. */
  readKmsg(): Disposable {
    this.#readers += 1
    this.#move()
    return {
      [Symbol.dispose]: () => {
        this.#readers -= 1
        this.#move()
      },
    }
  }

  /** Yields the batch with its stretches claimed until it is committed, or the source is left. */
  async *claimed(
    owner: Owner,
    stretches: readonly Stretch[],
    batch: SourceBatch,
  ): AsyncGenerator<SourceBatch, void> {
    this.#claims.set(owner, stretches)
    this.#move()
    try {
      yield batch
    } finally {
      this.#claims.delete(owner)
      this.#move()
    }
  }

  claims(owner: Owner): readonly Stretch[] {
    return this.#claims.get(owner) ?? []
  }

  isClaimed(owner: Owner, microseconds: number): boolean {
    return covers(this.claims(owner), microseconds)
  }

  /** Asks kmsg to look at once. */
  look(): void {
    this.#emitter.emit('look')
  }

  /** Resolves when kmsg is asked to look, at the signal, or after so long. */
  async asked(milliseconds: number, signal: AbortSignal): Promise<void> {
    await this.#next('look', milliseconds, signal)
  }

  /** Resolves at the next move, at the signal, or after so long. */
  async moved(milliseconds: number, signal: AbortSignal): Promise<void> {
    await this.#next('move', milliseconds, signal)
  }

  async #next(event: 'move' | 'look', milliseconds: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController()
    const timer = setTimeout(() => over.abort(), milliseconds)
    const abort = () => over.abort()
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    try {
      await once(this.#emitter, event, { signal: over.signal }).catch(() => undefined)
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }

  #move(): void {
    this.#moves += 1
    this.#emitter.emit('move')
  }
}

const byHost = new WeakMap<Tree, KernelOwners>()

/** Those of one agent: its sources share the tree of the host. */
export function ownersOf(host: Tree): KernelOwners {
  let owners = byHost.get(host)
  if (owners === undefined) {
    owners = new KernelOwners()
    byHost.set(host, owners)
  }
  return owners
}
