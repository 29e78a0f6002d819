/** What Remora makes of a folder of journal files, beside what `journalctl -o export --all` says of the same files. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import { parseCursor } from '../../collectors/journald/cursor.ts'
import { ExportParser } from '../../collectors/journald/export.ts'
import type { Field } from '../../src/model.ts'
import { reading } from './read.ts'

/** How many entries there are, and for each sequence-number id a digest of every byte of them in their order. */
export interface Told {
  readonly entries: number
  readonly digests: ReadonlyMap<string, string>
}

class Telling {
  #entries = 0
  readonly #hashes = new Map<string, Hash>()

  /** The order of fields is not compared: a reader may put the times and the boot first. */
  add(id: string, number: number, fields: readonly Field[]): void {
    const lines = fields.map(([name, value]) => `${name}=${Buffer.from(value).toString('latin1')}`).sort()
    let hash = this.#hashes.get(id)
    if (!hash) {
      hash = createHash('sha256')
      this.#hashes.set(id, hash)
    }
    hash.update(JSON.stringify([number, ...lines]))
    this.#entries += 1
  }

  get entries(): number {
    return this.#entries
  }

  told(): Told {
    const digests = [...this.#hashes].map(([id, hash]) => [id, hash.digest('hex')] as const)
    return { entries: this.#entries, digests: new Map(digests.sort(([a], [b]) => (a < b ? -1 : 1))) }
  }
}

/** @param folder of one machine id */
export async function byJournalctl(folder: string): Promise<Told> {
  const args = [`--directory=${folder}`, '--quiet', '--no-pager', '--all', '--output=export']
  const child = spawn('journalctl', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const telling = new Telling()
  const parser = new ExportParser(1 << 30)
  for await (const chunk of child.stdout)
    for (const { fields } of parser.parse(chunk)) {
      const [[name, value] = ['', Buffer.alloc(0)], ...rest] = fields
      assert.equal(name, '__CURSOR')
      const { seqnumId, seqnum } = parseCursor(Buffer.from(value).toString())
      telling.add(seqnumId, Number(seqnum), rest)
    }
  assert.deepEqual(await exited, [0, null])
  assert.ok(parser.atBoundary)
  return telling.told()
}

/** @param entries how many to wait for @param root its `var/log/journal` and `run/log/journal` are read */
export async function byRemora(root: string, entries: number, seconds = 60): Promise<Told> {
  await using read = reading(root, { reader: 'direct', initial: 'all', fields: { drop: [] } })
  const telling = new Telling()
  await read.until(
    `${entries} entries`,
    () => {
      // As they come: millions are never held at once.
      for (const { id, stream, fields } of read.records.splice(0))
        telling.add(stream, Number(id.slice(stream.length + 1)), fields)
      return telling.entries >= entries
    },
    seconds,
  )
  assert.deepEqual([read.missed, read.filtered, read.skipped], [new Map(), new Map(), []])
  return telling.told()
}

/** Fails unless both tell the same, which is more than nothing. */
export async function assertSame(root: string, folder: string, seconds?: number): Promise<Told> {
  const expected = await byJournalctl(folder)
  assert.ok(expected.entries > 0)
  assert.deepEqual(await byRemora(root, expected.entries, seconds), expected)
  return expected
}
