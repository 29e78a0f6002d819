/** Faults of the agent's process. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { memoryGroup } from '../../../bench/memory-group.ts'
import { pick, type Row, scaled } from '../row.ts'

const killed: Row = {
  name: 'kill -9 at random',
  on: 'agent',
  async inject(world) {
    await wait(world.random() * 2000)
    await world.agent.kill()
    await wait(world.random() * 500)
    world.agent.start()
    // Some are killed again while they start.
    if (world.random() < 0.3) {
      await wait(world.random() * 500)
      await world.agent.kill()
      world.agent.start()
    }
    await world.agent.ready()
    return 'killed'
  },
}

const stalled: Row = {
  name: 'event loop stalled 30 s',
  on: 'agent',
  async inject(world) {
    world.agent.signal('SIGSTOP')
    await wait(scaled(world, 30))
    world.newEpisode()
    world.agent.signal('SIGCONT')
    await world.agent.ready()
    world.newEpisode()
    return 'stalled'
  },
}

/** No file and no connection can be opened. */
const descriptors: Row = {
  name: 'file descriptors exhausted',
  on: 'agent',
  async inject(world) {
    const { pid } = world.agent
    const limit = (soft: string) => execFileSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`])
    const [, before = '1024'] =
      /(\d+)/.exec(
        execFileSync('prlimit', ['--pid', String(pid), '--nofile', '--noheadings', '--output=SOFT'], {
          encoding: 'utf8',
        }),
      ) ?? []
    limit(String(Math.max(8, readdirSync(`/proc/${pid}/fd`).length - pick(world, [0, 4, 12]))))
    await wait(scaled(world, 20))
    limit(before)
    world.newEpisode()
    await world.agent.ready()
    return `${before} again`
  },
}

const memory: Row = {
  name: 'memory limit',
  on: 'agent',
  mixes: false,
  async inject(world) {
    await world.agent.kill()
    using group = memoryGroup(160e6)
    assert.ok(group !== undefined, 'a control group can be made')
    await Promise.all([world.loki.down(), world.journal.down(), world.metrics.down()])
    world.agent.start(group.launcher)
    await world.agent.ready()
    await wait(scaled(world, 60))
    await Promise.all([world.loki.up(), world.journal.up(), world.metrics.up()])
    await wait(scaled(world, 20))
    const [kills, peak] = [group.kills(), group.peakMegabytes()]
    assert.equal(kills, 0, 'nothing was killed for memory')
    await world.agent.kill()
    world.agent.start()
    await world.agent.ready()
    return `160 MB held, peak ${peak} MB with page cache, every sink dead for a while`
  },
}

const twice: Row = {
  name: 'two agents on one spool',
  on: 'source',
  async inject({ agent }) {
    const { pid } = agent
    const second = await agent.second()
    assert.equal(second.status, 3, `the second one is refused: ${second.stderr}`)
    assert.match(second.stderr, new RegExp(`\\b${pid}\\b`), 'it names the first')
    assert.equal(agent.pid, pid)
    return 'refused'
  },
}

/** A sink comes, takes what it can, and goes; other sections change beside it. */
const reloaded: Row = {
  name: 'configuration reloaded, sinks added and removed',
  on: 'agent',
  allows: ['lost sink_removed'],
  async inject(world) {
    const reload = async (changes: Parameters<typeof world.configure>[0]) => {
      world.configure(changes)
      world.agent.signal('SIGHUP')
      await wait(scaled(world, 10))
    }
    await reload({ extra: true })
    await world.extra.down()
    await reload({ extra: true, heartbeatSeconds: 2 })
    await reload({})
    await world.extra.up()
    return 'extra came and went'
  },
}

export const agentRows: readonly Row[] = [killed, stalled, descriptors, memory, twice, reloaded]
