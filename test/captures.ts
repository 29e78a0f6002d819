/**
 * Real outputs of the tools and kernel files we parse, where they are (REMORA_CAPTURES, else the folder `shared/captures`
 * beside the project). They are others' texts and no part of it; without them these tests check nothing and say so.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const captures = process.env.REMORA_CAPTURES ?? join(import.meta.dirname, '../../shared/captures')

/** What is asserted of a capture, given its path on this machine; or the tool it is of, which nothing here reads. */
export type CaptureRow = ((path: string) => void | Promise<void>) | `not read: ${string}`

/** By name inside the folder: a file, or a folder that is one tree. */
export type CaptureRows = Readonly<Record<string, CaptureRow>>

/** Checks every capture of a folder such as `hwraid/arcconf`: one without a row fails, and so does a row without one. */
export function checkCaptures(folder: string, rows: CaptureRows): void {
  const base = join(captures, folder)
  test(`captures of ${folder} are read as their rows say`, async (t) => {
    if (!existsSync(captures)) return t.diagnostic(`no captures here: 0 of ${folder} checked`)
    assert.deepEqual(
      readdirSync(base).sort(),
      Object.keys(rows).sort(),
      `the captures and the rows of ${folder}`,
    )
    let checked = 0
    const notRead: string[] = []
    for (const [name, row] of Object.entries(rows)) {
      if (typeof row === 'string') {
        notRead.push(`${name} (${row})`)
        continue
      }
      await t.test(name, () => row(join(base, name)))
      checked += 1
    }
    const rest = notRead.length > 0 ? `; ${notRead.join(', ')}` : ''
    console.log(`${folder}: ${checked} captures checked, ${notRead.length} not read${rest}`)
  })
}

/** The folders of a domain, `hwraid` say; none where there are no captures. */
export function captureFolders(domain: string): string[] {
  if (!existsSync(captures)) return []
  const base = join(captures, domain)
  return readdirSync(base)
    .filter((name) => statSync(join(base, name)).isDirectory())
    .map((name) => `${domain}/${name}`)
}

/** The captures of a folder such as `hwraid/arcconf`, with their paths on this machine; none where there are no captures. */
export function capturesIn(folder: string): { readonly name: string; readonly path: string }[] {
  if (!existsSync(captures)) return []
  const base = join(captures, folder)
  return readdirSync(base).map((name) => ({ name, path: join(base, name) }))
}

/** The path of one of our own machine's notes; undefined where there are no captures. */
export function labCapture(name: string): string | undefined {
  return existsSync(captures) ? join(captures, 'lab', name) : undefined
}
