/** What doctor says of the spool's records that no other machine has, out of a real spool, in use and not. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkAtRisk } from '../../../src/doctor/at-risk.ts'
import { openSpool } from '../../../src/spool/open.ts'
import { batch, options, sink } from '../spool/spool.ts'
import { folderOf } from './folder.ts'

test('doctor says what a reset of the node would lose, beside the agent that has the spool and after it', async (t) => {
  const path = join(await folderOf(t, {}), 'spool')
  const sinks = [sink('away')]
  const look = (seconds: number) => {
    const [finding, ...more] = checkAtRisk(path, false, sinks, Date.now() + seconds * 1000)
    assert.deepEqual(more, [])
    return [finding?.level, finding?.saw]
  }
  assert.deepEqual(checkAtRisk(path, false, sinks, 0), [], 'no spool')
  {
    await using spool = await openSpool(options(path), sinks)
    const nothing = ['ok', 'nothing: another machine has all that was read']
    assert.deepEqual(look(0), nothing)
    await spool.commit('kmsg', batch(0, 10))
    const [level, saw] = look(10)
    assert.equal(level, 'ok')
    assert.match(saw ?? '', /^10 records and 0 samples, \d+ B, are on this node alone, the oldest for \d+ s$/)
    const first = await spool.next('away', 0)
    await spool.settle('away', [{ sequence: first?.sequence ?? 0, acknowledged: 10 }])
    assert.deepEqual(look(0), nothing)
    await spool.commit('kmsg', batch(10, 15))
  }
  const [level, saw] = look(600)
  assert.equal(level, 'warning')
  assert.match(saw ?? '', /^5 records and 0 samples, \d+ B, are on this node alone/)
  const [unseen] = checkAtRisk(path, true, sinks, 0)
  assert.equal(unseen?.level, 'unknown', 'what is on a read-only disk says nothing of what an agent holds')
})

test('doctor does not know what is at risk in a spool that it cannot read', async (t) => {
  const path = join(await folderOf(t, {}), 'spool')
  await mkdir(path)
  await writeFile(join(path, 'spool.sqlite'), 'x'.repeat(5000))
  const [finding] = checkAtRisk(path, false, [], 0)
  assert.equal(finding?.level, 'unknown')
  assert.match(finding?.saw ?? '', /^Cannot read spool ".*": file is not a database$/)
})
