import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { sink } from '../../../src/config-schema.ts'
import { ConfigError } from '../../../src/errors.ts'
import { makeForwarder, sinkKinds } from '../../../src/forwarders/all.ts'
import { origin } from './batches.ts'

const file = sink.parse({ type: 'file', path: '/nowhere/out' })
const prometheus = sink.parse({ type: 'prometheus', url: 'http://127.0.0.1:1/' })

test('makeForwarder makes what sinkKinds said it takes', async () => {
  for (const [config, kinds] of [
    [file, ['events', 'samples']],
    [prometheus, ['samples']],
  ] as const) {
    const forwarder = makeForwarder('here', config, origin, systemClock)
    assert.deepEqual(forwarder.kinds, kinds)
    assert.deepEqual(sinkKinds(config), kinds)
    await forwarder.close()
  }
})

test('makeForwarder names the sink, the key and the file of what is wrong', () => {
  const wrong = sink.parse({ ...prometheus, bearer_token_file: '/nowhere/token' })
  assert.throws(
    () => makeForwarder('central', wrong, origin, systemClock),
    new ConfigError(
      'Cannot use sinks.central: Cannot use bearer_token_file "/nowhere/token": ' +
        "ENOENT: no such file or directory, open '/nowhere/token'",
    ),
  )
})
