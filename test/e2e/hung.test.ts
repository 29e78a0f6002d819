/** Five file systems hang at once, for real, and the agent still scrapes, sends and ends. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { hungMounts } from '../hung-mounts.ts'
import { always, startReceiver } from '../src/forwarders/receiver.ts'
import { eventually, startAgent, valueIn, workFolder } from './agent.ts'

const everySecond = { schedule: '* * * * * *' }
const retry = { first_seconds: 0.1, most_seconds: 0.5, timeout_seconds: 2 }

suite('hung mounts', () => {
  test('remora with five hung mounts scrapes within 3 s, sends to both kinds of sink and ends in time', async (t) => {
    const cwd = await workFolder(t)
    await using receiver = await startReceiver(always(204))
    const agent = await startAgent(t, cwd, {
      config: {
        push: everySecond,
        sinks: {
          near: { type: 'file', path: join(cwd, 'near') },
          far: { type: 'prometheus', url: receiver.url, retry },
        },
      },
    })
    await using hung = await hungMounts(5)
    const isHung = (mountpoint: string) => ({ mountpoint })
    const slowest = { milliseconds: 0 }
    const scrape = async () => {
      const begun = performance.now()
      const page = await agent.scrape()
      slowest.milliseconds = Math.max(slowest.milliseconds, performance.now() - begun)
      return page
    }
    const page = await eventually('all five are known to hang', async () => {
      const found = await scrape()
      const told = hung.paths.filter(
        (path) => valueIn(found, 'node_filesystem_device_error', isHung(path)) === 1,
      )
      return told.length === 5 && found
    })
    const acknowledged = (sink: string, of = page) =>
      valueIn(of, 'remora_samples_acknowledged_total', { sink }) ?? 0
    for (const sink of ['near', 'far']) {
      await eventually(`${sink} goes on`, async () => {
        return acknowledged(sink, await scrape()) > acknowledged(sink) + 500
      })
    }
    const posts = receiver.posts.length
    assert.ok(posts >= 3, `${posts} requests`)
    assert.equal(valueIn(await scrape(), 'remora_collector_success', { collector: 'host' }), 1)
    assert.ok(slowest.milliseconds < 3000, `${slowest.milliseconds} ms`)

    const { code, seconds, stderr } = await agent.stop()
    assert.equal(code, 0)
    assert.match(stderr, /Remora has ended: everything was delivered/)
    assert.ok(seconds < 6, `${seconds} s`)
    console.log(
      `five hung mounts: slowest scrape ${slowest.milliseconds.toFixed(0)} ms, ended in ${seconds.toFixed(2)} s`,
    )
  })

  test('remora whose file sink lies on a mount that is gone serves, sends elsewhere and ends in time', async (t) => {
    const cwd = await workFolder(t)
    await using receiver = await startReceiver(always(204))
    await using hung = await hungMounts(1)
    hung.beKillable()
    const [path = ''] = hung.paths
    const config = {
      push: everySecond,
      shutdown: { drain_seconds: 1 },
      sinks: {
        stuck: { type: 'file', path: join(path, 'out'), retry },
        far: { type: 'prometheus', url: receiver.url, retry },
      },
    }
    const agent = await startAgent(t, cwd, { config })
    const acknowledged = async () =>
      valueIn(await agent.scrape(), 'remora_samples_acknowledged_total', { sink: 'far' }) ?? 0
    const before = await acknowledged()
    await eventually('the other sink goes on', async () => (await acknowledged()) > before + 500)
    await agent.logged(/^Sink stuck is (retrying|down)/)
    const page = await agent.scrape()
    assert.ok((valueIn(page, 'remora_samples_held', { sink: 'stuck' }) ?? 0) > 500)
    assert.equal(valueIn(page, 'remora_samples_acknowledged_total', { sink: 'stuck' }), 0)
    assert.equal(valueIn(page, 'remora_sink_up', { sink: 'stuck' }), 0)

    const { code, seconds, stderr } = await agent.stop()
    assert.equal(code, 0)
    assert.match(stderr, /Remora has ended: still in the spool: \d+ for stuck/)
    assert.ok(seconds < 6, `${seconds} s`)

    const again = await startAgent(t, cwd, { config: { ...config, shutdown: { drain_seconds: 60 } } })
    await again.logged(/^Sink stuck is (retrying|down)/)
    again.child.kill('SIGTERM')
    await again.logged(/^SIGTERM: stops collecting/)
    const end = await again.stop()
    assert.equal(end.code, 130)
    assert.ok(end.seconds < 2, `${end.seconds} s`)
  })
})
