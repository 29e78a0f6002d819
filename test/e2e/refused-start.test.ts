import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { openSpool } from '../../src/spool/open.ts'
import { batch, options, sink } from '../src/spool/spool.ts'
import { remora, workFolder } from './agent.ts'

test('a start that is refused for a sink counts nothing as lost that is held for another one', async (t) => {
  const folder = await workFolder(t)
  const path = join(folder, 'spool')
  {
    await using spool = await openSpool(options(path), [sink('old')])
    await spool.commit('kmsg', batch(0, 10))
  }
  const file = join(folder, 'remora.yaml')
  const tls = { ca_file: join(folder, 'not-there.pem') }
  const sinks = { renamed: { type: 'prometheus', url: 'https://127.0.0.1:1/write', tls } }
  await writeFile(file, stringify({ spool: { path }, server: { listen: '127.0.0.1:0' }, sinks }))
  const { code, stderr } = await remora(t, ['--config', file, 'run'], { cwd: folder })
  assert.equal(code, 2, stderr)
  assert.match(stderr, /sinks\.renamed.*ca_file.*not-there\.pem/s)
  await using spool = await openSpool(options(path), [sink('old')])
  const counts = (await spool.snapshot()).sinks.get('old')?.get('kmsg')
  assert.deepEqual(counts, { routed: 10, acknowledged: 0, held: 10, quarantined: 0, lost: {} })
})
