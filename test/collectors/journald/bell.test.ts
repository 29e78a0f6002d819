import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { appendFile, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Bell } from '../../../collectors/journald/bell.ts'

test('bell rings when a file in a folder is written to, made larger or renamed, and not for what it left', async () => {
  const folders = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'remora-bell-'))))
  const [one = '', two = ''] = folders
  try {
    await writeFile(join(one, 'system.journal'), 'LPKSHHRH')
    let rung = Promise.withResolvers<void>()
    let rings = 0
    using bell = new Bell(() => {
      rings += 1
      rung.resolve()
    })
    assert.equal(bell.watch([one, two]), false)
    assert.equal(bell.watch([one, two]), true)
    for (const change of [
      () => appendFile(join(one, 'system.journal'), 'x'),
      // As journald tells its readers: to the size that it has.
      () => truncate(join(one, 'system.journal'), 9),
      () => writeFile(join(two, 'user-1000.journal'), ''),
    ]) {
      rung = Promise.withResolvers<void>()
      await change()
      await rung.promise
    }
    assert.equal(bell.watch([two]), true)
    await appendFile(join(two, 'user-1000.journal'), 'x')
    rung = Promise.withResolvers<void>()
    await rm(join(two, 'user-1000.journal'))
    await rung.promise
    const before = rings
    await appendFile(join(one, 'system.journal'), 'y')
    rung = Promise.withResolvers<void>()
    await writeFile(join(two, 'last'), '')
    await rung.promise
    assert.ok(rings > before)
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true })
  }
})

test('bell does without a folder that is not there, and watches it again once it has come back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-bell-'))
  try {
    const rung = new EventEmitter<{ ring: [] }>()
    using bell = new Bell(() => rung.emit('ring'))
    const journal = join(folder, 'journal')
    assert.equal(bell.watch([journal]), true)
    await mkdir(journal)
    assert.equal(bell.watch([journal]), false)
    assert.equal(bell.watch([journal]), true)
    const gone = once(rung, 'ring')
    await rm(journal, { recursive: true })
    await gone
    await mkdir(journal)
    while (bell.watch([journal])) await setImmediate()
    assert.equal(bell.watch([journal]), true)
    const written = once(rung, 'ring')
    await writeFile(join(journal, 'system.journal'), '')
    await written
  } finally {
    await rm(folder, { recursive: true })
  }
})
