import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { ConfigError } from '../../../src/errors.ts'
import { protocols } from '../../../src/forwarders/all.ts'
import { sink } from '../../../src/sink-schemas.ts'
import { origin } from './batches.ts'

const file = sink.parse({ type: 'file', path: '/nowhere/out' })
const prometheus = sink.parse({ type: 'prometheus', url: 'http://127.0.0.1:1/' })

const loki = sink.parse({ type: 'loki', url: 'http://127.0.0.1:1/' })
const journalRemote = sink.parse({ type: 'journal-remote', url: 'http://127.0.0.1:1/' })

test('protocols make forwarders that take what was said before', async () => {
  for (const [config, kinds] of [
    [file, ['events', 'samples']],
    [prometheus, ['samples']],
    [loki, ['events']],
    [journalRemote, ['events']],
  ] as const) {
    const forwarder = protocols.make('here', config, origin, systemClock)
    assert.deepEqual(forwarder.kinds, kinds)
    assert.deepEqual(protocols.kinds('here', config), kinds)
    await forwarder.close()
  }
})

test('protocols name the sink, the key and the file of what is wrong', () => {
  const wrong = sink.parse({ ...prometheus, bearer_token_file: '/nowhere/token' })
  assert.throws(
    () => protocols.make('central', wrong, origin, systemClock),
    new ConfigError(
      'Cannot use sinks.central: Cannot use bearer_token_file "/nowhere/token": ' +
        "ENOENT: no such file or directory, open '/nowhere/token'",
    ),
  )
})
