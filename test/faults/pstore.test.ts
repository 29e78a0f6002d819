/** Files of crashes stay until the receiver's acknowledgement is committed, and go after it, also when the agent is killed between. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { bundle } from '../../bundle.ts'
import { kernel, machine } from '../collectors/pstore/tree.ts'
import { eventually } from '../e2e/agent.ts'
import { freePort } from '../prometheus-server.ts'
import { children } from './children.ts'
import { assertEquations, held, parseScrape } from './scrape.ts'

/** Far longer than a kill takes to come. */
const lingerMilliseconds = 20_000

test('pstore unlinks a crash only after the acknowledgement, also across kill -9 between the two', async (t) => {
  const node = await machine(t, 'linux-6.1-erst')
  await node.put(`${kernel}/dmesg-ramoops-0`, 'Oops#1 Part1\n<1>[    4.2] BUG: scheduling while atomic\n')
  const all = await node.left()
  assert.equal(all.length, 3)
  const bodies: string[] = []
  const waiting: ServerResponse[] = []
  let answers = false
  const receiver = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    bodies.push(Buffer.concat(pieces).toString('latin1'))
    if (answers) response.writeHead(202).end()
    else waiting.push(response)
  })
  const [port, metrics] = [await freePort(), await freePort()]
  receiver.listen(port, '127.0.0.1')
  await once(receiver, 'listening')
  const config = join(node.folder, 'remora.yaml')
  writeFileSync(
    config,
    `node: { name: node-7 }
paths: { root: ${node.folder}/root, sys: ${node.folder}/sys, proc: ${node.folder}/proc }
server: { listen: "127.0.0.1:${metrics}" }
spool: { path: ${node.folder}/spool }
push: { enabled: false }
sinks: { receiver: { type: journal-remote, url: "http://127.0.0.1:${port}/upload" } }
`,
  )
  await bundle(join(import.meta.dirname, 'pstore-agent.ts'), join(node.folder, 'pstore-agent.cjs'))
  const running = children(node.folder)
  t.after(async () => {
    await running.end()
    receiver.closeAllConnections()
    receiver.close()
  })
  const scrape = async () => {
    const page = await fetch(`http://127.0.0.1:${metrics}/metrics`)
    const found = parseScrape(await page.text(), 'pstore')
    assertEquations(found, ['receiver'])
    return found
  }

  const first = running.start('pstore-agent', [config, lingerMilliseconds])
  await eventually('a request is with the receiver', () => bodies.length > 0)
  assert.deepEqual(await node.left(), all, 'nothing goes before the answer')
  const before = await scrape()
  assert.deepEqual([before.get('read'), held(before)], [4, 4])
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  assert.deepEqual(await node.left(), all)

  answers = true
  for (const response of waiting) response.destroy()
  const second = running.start('pstore-agent', [config, lingerMilliseconds])
  let settled = false
  second.markers.on('line', (line) => {
    if (line === 'settled') settled = true
  })
  await eventually('the acknowledgement is committed', () => settled)
  assert.deepEqual(await node.left(), all, 'nothing goes before the acknowledgement is committed')
  second.child.kill('SIGKILL')
  await once(second.child, 'exit')
  assert.deepEqual(await node.left(), all)

  const third = running.start('pstore-agent', [config, 0])
  await eventually('every file is gone', async () => (await node.left()).length === 0)
  const last = await scrape()
  assert.deepEqual([last.get('read'), last.get('acknowledged receiver'), held(last)], [4, 4, 0])
  const received = bodies.join('')
  for (const text of ['Kernel panic - not syncing: hung_task: blocked tasks', 'BUG: scheduling while atomic'])
    assert.ok(received.includes(text), text)
  third.child.kill('SIGTERM')
  assert.deepEqual(await once(third.child, 'exit'), [0, null])
})
