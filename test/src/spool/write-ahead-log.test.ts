import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Database } from '../../../src/spool/database.ts'
import { folder, open, options, records, sink } from './spool.ts'

const maxBytes = 1 << 20
/** Its share of the bound. */
const share = maxBytes / 8

test('the write-ahead log keeps to its share of the bound though one batch is larger, and waits for no reader', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path, { maxBytes }), [sink('far')])
  const logBytes = () => statSync(join(path, 'spool.sqlite-wal')).size
  let issued = 0
  const commit = async () => {
    const noise = randomBytes(share).toString('base64')
    await spool.commit('kmsg', {
      records: records(issued, issued + 1, noise),
      positions: [{ stream: 'boot', position: `${issued++}` }],
    })
  }
  await commit()
  assert.ok(logBytes() <= share, `${logBytes()} bytes`)

  {
    using reader = new Database(join(path, 'spool.sqlite'), { readOnly: true })
    reader.script('BEGIN')
    assert.equal(reader.number('SELECT count(*) FROM batch'), 1)
    const before = performance.now()
    await commit()
    assert.ok(logBytes() > share, `the reader still needs it: ${logBytes()} bytes`)
    assert.ok(performance.now() - before < 5000, 'SQLite would wait for 5 s')
    reader.script('ROLLBACK')
  }
  await commit()
  assert.ok(logBytes() <= share, `${logBytes()} bytes`)
  const { usedBytes, boundBytes } = await spool.snapshot()
  assert.ok(usedBytes <= boundBytes, `${usedBytes} of ${boundBytes}`)
  const [held] = (await spool.snapshot()).sinks.get('far')?.values() ?? []
  assert.equal(held?.held, 3)
})
