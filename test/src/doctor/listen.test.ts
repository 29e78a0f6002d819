/** Whoever listens at the agent's address and says nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkListen } from '../../../src/doctor/listen.ts'
import { startDeafServer } from '../../e2e/deaf-server.ts'

test('doctor tells an address whose listener does not answer from one that is free', async () => {
  const host = await (async () => {
    await using deaf = await startDeafServer()
    const { host } = new URL(deaf.url)
    const { level, saw } = await checkListen(host)
    assert.deepEqual([level, saw], ['problem', `somebody listens at ${host} and did not answer within 5 s`])
    return host
  })()
  assert.deepEqual(await checkListen(host), {
    check: 'listen',
    level: 'ok',
    saw: `${host} is free: no agent runs there`,
  })
})
