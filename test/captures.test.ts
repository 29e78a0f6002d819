/** No folder of captures is overlooked: each is checked by one test, or listed here with what it is of. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { captureFolders } from './captures.ts'

/** Every file of these is a row of a table. */
const domains = [
  'hwraid',
  'hba',
  'mdraid',
  'smart',
  'fc',
  'infiniband',
  'ipmi',
  'edac',
  'logs',
  'rootfs',
] as const

/** Folders that no test checks, with the tool or file they are of and why. */
const notRead: Readonly<Record<string, string>> = {
  'infiniband/ibswinfo': 'not read: ibswinfo, no tool of infiniband-diags',
  'logs/journald-export':
    'not read: journalctl -o export of others; the journald tests write their own entries',
  'rootfs/df': 'not read: df, statfs is asked instead',
  'rootfs/findmnt': 'not read: findmnt, mountinfo is read instead',
  'rootfs/lsblk': 'not read: lsblk, sysfs is read instead',
  'rootfs/mount': 'not read: mount, mountinfo is read instead',
  'rootfs/proc': 'not read as a whole: tests of the root collector pick from it',
}

/** How often each folder is checked in the sources of the tests. */
function checkedFolders(): Map<string, number> {
  const found = new Map<string, number>()
  for (const path of globSync('**/*.test.ts', { cwd: import.meta.dirname })) {
    const source = readFileSync(join(import.meta.dirname, path), 'utf8')
    for (const [, folder = ''] of source.matchAll(/\bcheckCaptures\(\s*'([^']+)'/g))
      found.set(folder, (found.get(folder) ?? 0) + 1)
  }
  return found
}

test('captures of each folder are checked by one test', () => {
  const checked = checkedFolders()
  assert.ok(checked.size > 10, `${checked.size} folders`)
  assert.deepEqual(
    [...checked].filter(([, count]) => count !== 1),
    [],
    'checked more than once',
  )
  const both = Object.keys(notRead).filter((folder) => checked.has(folder))
  assert.deepEqual(both, [], 'checked, and listed here as not read')
})

test('captures of no folder are overlooked', (t) => {
  const folders = domains.flatMap(captureFolders)
  if (folders.length === 0) return t.diagnostic('no captures here: no folder to overlook')
  const checked = checkedFolders()
  assert.deepEqual(
    folders.filter((folder) => !checked.has(folder) && !(folder in notRead)),
    [],
    'neither checked nor listed here as not read',
  )
  const stale = [...checked.keys(), ...Object.keys(notRead)].filter((folder) => !folders.includes(folder))
  assert.deepEqual(stale, [], 'checked or listed here, and not there')
  const rest = Object.entries(notRead).map((pair) => pair.join(': '))
  console.log(
    `${folders.length - rest.length} folders of captures checked, ${rest.length} not:\n${rest.join('\n')}`,
  )
})
