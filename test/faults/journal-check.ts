/** What the journal's kill test compares: entries of the source, of systemd-journal-remote and of the file sink. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { zstdDecompressSync } from 'node:zlib'
import { readExport } from '../journal-remote-server.ts'
import type { Sent } from './journal-proxy.ts'

/** Of realtime, monotonic time and the distinct fields, the boot id among them. */
type Digest = string

/** Entries of one place, by their id `<seqnum id>:<seqnum>`. */
export interface Entries {
  readonly digests: ReadonlyMap<string, Digest>
  /** By the number that Remora gave; empty for the source. */
  readonly ids: ReadonlyMap<number, string>
  /** How often each number is there, beyond once. */
  readonly repeats: ReadonlyMap<number, number>
}

/** Of each file alone: side by side, journalctl would leave out copies. */
async function* exported(files: readonly string[]) {
  for (const file of files) {
    const args = [`--file=${file}`, '-o', 'export', '--no-pager', '--quiet', '--all']
    const { stdout } = await promisify(execFile)('journalctl', args, {
      encoding: 'buffer',
      maxBuffer: 2 ** 31 - 1,
    })
    yield* readExport(stdout)
  }
}

function digest(realtime = '', monotonic = '', fields: readonly string[] = []): Digest {
  const hash = createHash('sha256').update(`${realtime} ${monotonic}`)
  for (const field of fields) hash.update(`\n${field.length} `).update(field, 'latin1')
  return hash.digest('base64url')
}

export async function sourceEntries(files: readonly string[]): Promise<ReadonlyMap<string, Digest>> {
  const digests = new Map<string, Digest>()
  for await (const { addresses, fields } of exported(files)) {
    const [, seqnumId, seqnum = ''] = /^s=(\w+);i=(\w+);/.exec(addresses.get('__CURSOR') ?? '') ?? []
    const id = `${seqnumId}:${Number.parseInt(seqnum, 16)}`
    assert.ok(!digests.has(id), `${id} is there twice`)
    digests.set(
      id,
      digest(addresses.get('__REALTIME_TIMESTAMP'), addresses.get('__MONOTONIC_TIMESTAMP'), fields),
    )
  }
  return digests
}

/** How many numbers the journal issued, by the headers of its files. */
export async function issued(files: readonly string[]): Promise<number> {
  const { stdout } = await promisify(execFile)('journalctl', [
    '--header',
    ...files.map((file) => `--file=${file}`),
  ])
  const highest = new Map<string, number>()
  for (const [, id = '', number] of stdout.matchAll(
    /Sequential number ID: (\w+).*?Tail sequential number: (\d+)/gis,
  ))
    highest.set(id, Math.max(highest.get(id) ?? 0, Number(number)))
  return [...highest.values()].reduce((total, number) => total + number, 0)
}

/** Gathers entries with their ids and numbers; a repeated one must be equal. */
class Gathered implements Entries {
  readonly digests = new Map<string, Digest>()
  readonly ids = new Map<number, string>()
  readonly repeats = new Map<number, number>()
  readonly #ledgers = new Set<string>()

  add(ledger: string, number: number, id: string, found: Digest): void {
    this.#ledgers.add(ledger)
    assert.equal(this.#ledgers.size, 1, 'one ledger')
    if (this.ids.has(number)) {
      this.repeats.set(number, (this.repeats.get(number) ?? 0) + 1)
      assert.equal(this.ids.get(number), id, `number ${number} of two entries`)
      assert.equal(this.digests.get(id), found, `${id} again, but different`)
      return
    }
    assert.ok(!this.digests.has(id), `${id} under two numbers`)
    this.ids.set(number, id)
    this.digests.set(id, found)
  }
}

export async function receivedEntries(folder: string): Promise<Entries> {
  const gathered = new Gathered()
  for await (const { addresses, fields } of exported(globSync(join(folder, '*.journal*')))) {
    if (fields.some((field) => field.startsWith('REMORA_HEARTBEAT='))) continue // No record.
    const own = fields.filter((field) => /^REMORA_(ID|RECORD)=/.test(field))
    const text = new Map(own.map((field) => [field.slice(0, field.indexOf('=')), field.split('=')[1] ?? '']))
    assert.deepEqual([own.length, text.size], [2, 2], 'one REMORA_ID and one REMORA_RECORD')
    const [ledger = '', source, number] = (text.get('REMORA_RECORD') ?? '').split(':')
    assert.equal(source, 'journald')
    const rest = fields.filter((field) => !own.includes(field))
    const found = digest(addresses.get('__REALTIME_TIMESTAMP'), addresses.get('__MONOTONIC_TIMESTAMP'), rest)
    gathered.add(ledger, Number(number), text.get('REMORA_ID') ?? '', found)
  }
  return gathered
}

/** @param batches repeats lie within one of them: the one that was being written */
export function fileEntries(folder: string, batches: readonly Sent[]): Entries {
  const gathered = new Gathered()
  const begins = new Set(batches.map(({ from }) => from))
  let newest = 0
  let begin = 0
  for (const file of globSync(join(folder, '*')).sort()) {
    for (const line of zstdDecompressSync(readFileSync(file)).toString().split('\n')) {
      if (line === '') continue
      const { ledger, source, number, id, fields } = JSON.parse(line)
      if (source !== 'journald') continue
      assert.ok(number >= begin, `number ${number} again in the files, after ${newest}`)
      assert.ok(number <= newest + 1, `number ${number} in the files after ${newest}`)
      if (number > newest && begins.has(number)) begin = number
      newest = Math.max(newest, number)
      gathered.add(ledger, number, id, digestOf(fields))
    }
  }
  return gathered
}

function digestOf(fields: readonly [name: string, value: string | { readonly base64: string }][]): Digest {
  const addresses = new Map<string, string>()
  const distinct = new Set<string>()
  for (const [name, value] of fields) {
    const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.base64, 'base64')
    if (name.startsWith('__')) addresses.set(name, bytes.toString())
    else distinct.add(`${name}=${bytes.toString('latin1')}`)
  }
  return digest(
    addresses.get('__REALTIME_TIMESTAMP'),
    addresses.get('__MONOTONIC_TIMESTAMP'),
    [...distinct].sort(),
  )
}

/** Asserts that these are `count` entries of the source and no others, each equal, numbered 1, 2, 3 … */
export function assertComplete(
  where: string,
  source: ReadonlyMap<string, Digest>,
  found: Entries,
  count: number,
): void {
  for (const [id, digest] of found.digests)
    assert.equal(digest, source.get(id), `${id} is the same at ${where}`)
  assert.equal(found.digests.size, count, `entries at ${where}`)
  for (let number = 1; number <= count; number++)
    assert.ok(found.ids.has(number), `number ${number} is at ${where}`)
  assert.equal(found.ids.size, count, `numbers at ${where}`)
}

/**
 * Asserts that each request begins where the one before it ended, or is the same batch again: one in flight.
 * @returns how many records were in a request more than once
 */
export function assertOneInFlight(sent: readonly Sent[], received: Entries): number {
  let before = { from: 0, to: 0 }
  let repeated = 0
  const times = new Map<number, number>()
  for (const { from, to, status } of sent) {
    if (from === 0) continue
    const again = from === before.from
    assert.ok(again || from === before.to + 1, `request ${from}-${to} after ${before.from}-${before.to}`)
    assert.ok(status === undefined || status === 202, `answer ${status}`)
    if (again) repeated += to - from + 1
    before = { from, to: again ? Math.max(to, before.to) : to }
    for (let number = from; number <= to; number++) times.set(number, (times.get(number) ?? 0) + 1)
  }
  for (const [number, count] of received.repeats)
    assert.ok(count < (times.get(number) ?? 0), `number ${number} is received more often than sent`)
  return repeated
}
