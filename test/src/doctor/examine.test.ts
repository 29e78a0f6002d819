/** All checks together, on a tree of the test's own. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { surroundings } from '../../../src/agent.ts'
import { loadConfig, soundConfig } from '../../../src/config.ts'
import { configSchema } from '../../../src/config-schema.ts'
import { examine } from '../../../src/doctor/examine.ts'
import { folderOf } from './folder.ts'

test('doctor looks at the node with defaults where its configuration cannot be read in time', async (t) => {
  const root = await folderOf(t, {})
  // Whoever opens it waits until somebody writes.
  const file = join(root, 'remora.yaml')
  execFileSync('mkfifo', [file])
  const sinks = { here: { type: 'file', path: join(root, 'out') } }
  const from = { file, env: {} }
  const findings = await examine({
    load: () => loadConfig(from),
    sound: () => soundConfig(from),
    defaults: () => configSchema.parse({ paths: { root }, server: { listen: '127.0.0.1:0' }, sinks }),
    collectors: [],
    surroundings,
    sections: () => ({}),
    deadlineSeconds: 8,
  })
  const writer = await open(file, 'r+') // Lets go who waits.
  await writer.close()
  const of = (check: string) => findings.filter((finding) => finding.check === check)
  assert.deepEqual(of('configuration'), [
    {
      check: 'configuration',
      level: 'problem',
      saw: 'no answer in time',
      todo: 'look what hangs there: a tool, a mount, a name server; or give it a longer --deadline',
    },
  ])
  assert.equal(of('sink here')[0]?.level, 'ok')
  assert.equal(of('unit')[0]?.level, 'unknown')
})
