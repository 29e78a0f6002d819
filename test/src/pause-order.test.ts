import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectors } from '../../collectors/all.ts'
import { configSchema } from '../../src/config-schema.ts'
import { ownSource } from '../../src/spool/spool.ts'

/** Those that make no records: nothing of them is paused. */
const silent = ['host', 'inventory', 'textfile', 'exec']

test('every source of records has its place in the default order of pausing, and nothing else has', () => {
  const { pause_order } = configSchema.parse({}).spool
  const sources = collectors.map(({ name }) => name).filter((name) => !silent.includes(name))
  assert.deepEqual([...pause_order].sort(), [...sources, ownSource].sort())
  assert.equal(new Set(pause_order).size, pause_order.length)
  // The contract: logs first, the kernel's ring after them, state changes and crashes last.
  const place = (name: string) => pause_order.indexOf(name)
  assert.deepEqual(
    ['files', 'journald', 'raid', 'kmsg', 'zram', 'pstore'].map(place),
    ['files', 'journald', 'raid', 'kmsg', 'zram', 'pstore'].map(place).toSorted((a, b) => a - b),
  )
})
