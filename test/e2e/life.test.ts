/** The life of the agent: without configuration, changed while it runs, ended by signals, and what it says of mistakes. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { chmod, chown, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { SinkCounts } from '../../src/spool/spool.ts'
import { freePort } from '../prometheus-server.ts'
import { always, decodeWriteRequest, startReceiver } from '../src/forwarders/receiver.ts'
import {
  assertLedger,
  bundle,
  eventually,
  type RunningAgent,
  remora,
  scrape,
  startAgent,
  valueIn,
  workFolder,
} from './agent.ts'
import { startDeafServer } from './deaf-server.ts'

const everySecond = { schedule: '* * * * * *' }
const retry = { first_seconds: 0.1, most_seconds: 0.5, timeout_seconds: 20 }
/** What other tests mount, and let hang, makes no scrape wait here. */
const apart = { root: { options: { mount_points_exclude: '^/(dev|proc|sys|tmp)($|/)' } } }
const stackTrace = /\n\s+at \S+ |node:internal|\.cjs:\d/

/** Acknowledged samples of a sink, once there are any. */
const acknowledged = (agent: RunningAgent, sink: string, more = 0) =>
  eventually(`${sink} acknowledges`, async () => {
    const page = await agent.scrape()
    const count = valueIn(page, 'remora_samples_acknowledged_total', { sink }) ?? 0
    return count > more && count
  })

const fileSink = (path: string) => ({ type: 'file', path, retry })

/** Every line of the files of a folder, as the zstd tool reads them. */
async function linesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).sort()
  assert.ok(names.length > 0 && names.every((name) => name.includes('.ndjson.zst')), names.join())
  const texts = names.map((name) =>
    execFileSync('zstd', ['-dcq', join(folder, name)], { encoding: 'utf8', maxBuffer: 64 << 20 }),
  )
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== ''))
}

/** What `remora spool state --json` says of a sink, of all sources together. */
function countsOf(json: string, sink: string) {
  const { sinks }: { sinks: Record<string, Record<string, SinkCounts>> } = JSON.parse(json)
  const sources = Object.values(sinks[sink] ?? {})
  const sum = (count: (counts: SinkCounts) => number) =>
    sources.reduce((total, counts) => total + count(counts), 0)
  return {
    acknowledged: sum(({ acknowledged }) => acknowledged),
    held: sum(({ held }) => held),
    lost: sum(({ lost }) => Object.values(lost).reduce((a, b) => a + b, 0)),
  }
}

/** Scrapes all the while, each page read strictly and its ledger added up. */
function watch(agent: RunningAgent) {
  let watching = true
  let scrapes = 0
  let equations = 0
  const url = agent.url
  const done = (async () => {
    while (watching) {
      equations += assertLedger(await scrape(url))
      scrapes += 1
      await sleep(20)
    }
  })()
  return {
    /** @param least goes on until so many scrapes are done, however slow this machine is */
    async end(least = 1) {
      await eventually(`${least} scrapes`, () => scrapes >= least)
      watching = false
      await done
      return { scrapes, equations }
    },
  }
}

suite('life', { concurrency: 4 }, () => {
  test('remora without any configuration writes files here and says that nothing leaves the node', async (t) => {
    const cwd = await workFolder(t)
    // No configuration but this: what other tests mount, and let hang, is none of this one's.
    const { mount_points_exclude: others } = apart.root.options
    const env = { REMORA_COLLECTORS_ROOT_OPTIONS_MOUNT_POINTS_EXCLUDE: others }
    const agent = await startAgent(t, cwd, { env })
    const said = agent.lines().filter(({ level }) => level === 'warn')
    assert.ok(
      said.some(({ message }) =>
        message.startsWith('Nothing leaves this node: no sink is on another machine'),
      ),
    )
    // On a slow machine the first push may go before the root is read; the one after shows it.
    await eventually(
      'the root is read',
      async () => valueIn(await agent.scrape(), 'node_root_info') !== undefined,
    )
    const delivered = async () =>
      valueIn(await agent.scrape(), 'remora_samples_acknowledged_total', { sink: 'local' }) ?? 0
    const before = await delivered()
    await eventually('a push after that is delivered', async () => (await delivered()) > before)
    const { code, stderr } = await agent.stop()
    assert.equal(code, 0)
    assert.match(stderr, /Remora has ended: everything was delivered/)
    assert.doesNotMatch(stderr, stackTrace)
    assert.deepEqual(await readdir(cwd), ['remora-data'])
    assert.deepEqual((await readdir(join(cwd, 'remora-data'))).sort(), ['out', 'spool'])

    const lines = await linesIn(join(cwd, 'remora-data/out'))
    assert.ok(lines.length > 100, `${lines.length} lines`)
    const names = new Set(lines.map((line): string => JSON.parse(line).name))
    for (const name of ['node_root_info', 'node_memory_MemTotal_bytes', 'remora_build_info'])
      assert.ok(names.has(name), name)

    const { stdout } = await remora(t, ['spool', 'state', '--json'], { cwd })
    assert.deepEqual(countsOf(stdout, 'local'), { acknowledged: lines.length, held: 0, lost: 0 })
  })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`remora ends at once at a second ${signal} while a sink hangs`, async (t) => {
      const cwd = await workFolder(t)
      await using deaf = await startDeafServer()
      const agent = await startAgent(t, cwd, {
        config: {
          push: everySecond,
          shutdown: { drain_seconds: 60 },
          sinks: { deaf: { type: 'prometheus', url: deaf.url, retry } },
        },
      })
      await eventually('something is held', async () => {
        return (valueIn(await agent.scrape(), 'remora_samples_held', { sink: 'deaf' }) ?? 0) > 0
      })
      agent.child.kill(signal)
      await agent.logged(new RegExp(`^${signal}: stops collecting and drains`))
      await sleep(500)
      const { code, seconds } = await agent.stop(signal)
      assert.equal(code, 130)
      assert.ok(seconds < 2, `${seconds} s`)
    })
  }

  test('remora with a dead sink ends in time, says what is left, and delivers it after the next start', async (t) => {
    const cwd = await workFolder(t)
    const port = await freePort()
    const config = (url: string) => ({
      push: everySecond,
      shutdown: { drain_seconds: 1 },
      collectors: { inventory: { enabled: false } },
      sinks: { far: { type: 'prometheus', url, retry } },
    })
    const first = await startAgent(t, cwd, { config: config(`http://127.0.0.1:${port}/write`) })
    const held = await eventually('two collections are held', async () => {
      const count = valueIn(await first.scrape(), 'remora_samples_held', { sink: 'far' }) ?? 0
      return count > 200 && count
    })
    const { code, seconds, stderr } = await first.stop()
    assert.equal(code, 0)
    assert.ok(seconds > 0.9 && seconds < 4, `${seconds} s`)
    const left = Number(/Remora has ended: still in the spool: (\d+) for far/.exec(stderr)?.[1])
    assert.ok(left >= held, `${left} left, ${held} held before`)

    await using receiver = await startReceiver(always(204))
    const second = await startAgent(t, cwd, { config: config(receiver.url) })
    await acknowledged(second, 'far', left)
    const end = await second.stop()
    assert.equal(end.code, 0)
    assert.match(end.stderr, /Remora has ended: everything was delivered/)
    const posts = receiver.posts.map(({ body }) => decodeWriteRequest(body))
    const times = posts.map(([series]) => series?.samples[0]?.timestamp ?? 0)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
    assert.equal(new Set(times).size, times.length)
    const { stdout } = await remora(t, ['--config', join(cwd, 'remora.yaml'), 'spool', 'state', '--json'], {
      cwd,
    })
    const { sinks }: { sinks: { far: { metrics: SinkCounts } } } = JSON.parse(stdout)
    const { routed, acknowledged: taken, held: rest, lost } = sinks.far.metrics
    assert.deepEqual({ taken, rest, lost }, { taken: routed, rest: 0, lost: {} })
    assert.equal(
      posts.reduce((sum, series) => sum + series.length, 0),
      taken,
    )
  })

  test('remora whose spool is only in memory says at its end what is lost with it', async (t) => {
    const cwd = await workFolder(t)
    await writeFile(join(cwd, 'no-folder'), '')
    const config = {
      push: everySecond,
      spool: { path: './no-folder/spool' },
      shutdown: { drain_seconds: 0.1 },
      collectors: { inventory: { enabled: false } },
      sinks: { far: { type: 'prometheus', url: `http://127.0.0.1:${await freePort()}/write`, retry } },
    }
    const agent = await startAgent(t, cwd, { config })
    await eventually('a collection is held', async () => {
      return (valueIn(await agent.scrape(), 'remora_samples_held', { sink: 'far' }) ?? 0) > 0
    })
    const { code, stderr } = await agent.stop()
    assert.equal(code, 0)
    assert.match(stderr, /Remora has ended: lost with the spool, which was only in memory: \d+ for far/)
  })

  test('remora takes a changed configuration on SIGHUP and keeps the old one when the new one is wrong', async (t) => {
    const cwd = await workFolder(t)
    const sinks = { one: fileSink(join(cwd, 'one')) }
    const config = { push: everySecond, sinks, node: { name: 'reloaded' }, collectors: apart }
    const agent = await startAgent(t, cwd, { config })
    const watching = watch(agent)
    await acknowledged(agent, 'one')

    // A sink more, a collector less, and a log that says less.
    const more = { ...sinks, two: fileSink(join(cwd, 'two')) }
    await agent.reload({ ...config, sinks: more, collectors: { root: { enabled: false } } })
    await agent.logged(/^Configuration applied/)
    await acknowledged(agent, 'two')
    await eventually('root is no longer shown', async () => {
      const page = await agent.scrape()
      return page.samples.every(({ name }) => !name.startsWith('node_filesystem_'))
    })
    const page = await agent.scrape()
    const routed = (sink: string) => valueIn(page, 'remora_samples_routed_total', { sink }) ?? 0
    assert.ok(routed('two') > 0 && routed('two') < routed('one'), 'an added sink starts with the next batch')
    assert.ok(valueIn(page, 'node_memory_MemTotal_bytes') !== undefined)

    // A mistake: said where, and nothing changes.
    const before = agent.lines().length
    await agent.reload(
      'push:\n  schedule: "* * * * * *"\nsinks:\n  one: {type: file, path: ./one, max_byte: 5}\n',
    )
    const refused = await agent.logged(/^The configuration is kept as it was/, before)
    assert.equal(refused.level, 'error')
    assert.match(
      refused.message,
      /remora\.yaml:4:\d+: sinks\.one\.max_byte: unknown key; did you mean "max_bytes"\?/,
    )
    const afterMistake = await agent.scrape()
    await acknowledged(
      agent,
      'two',
      valueIn(afterMistake, 'remora_samples_acknowledged_total', { sink: 'two' }),
    )

    // No YAML at all, then no file.
    await agent.reload('sinks: [')
    await agent.logged(/^The configuration is kept as it was: Cannot use .*remora\.yaml:1:/, before)

    // What cannot change under way is said to wait.
    const elsewhere = { node: { name: 'other' }, spool: { path: join(cwd, 'other') } }
    await agent.reload({ ...config, ...elsewhere, sinks: more })
    await agent.logged(/^A change of node takes effect at the next start/, before)
    await agent.logged(/^A change of spool takes effect at the next start/, before)
    await agent.logged(/^Configuration applied/, before)
    await eventually('root is shown again', async () => {
      const page = await agent.scrape()
      return page.samples.some(({ name }) => name.startsWith('node_filesystem_'))
    })

    // A level of error leaves no word of the reload itself.
    let lines = agent.lines().length
    await agent.reload({
      ...config,
      log: { level: 'error' },
      sinks: { ...more, one: { ...more.one, keep: 'all' } },
    })
    await sleep(700)
    assert.deepEqual(agent.lines().slice(lines), [])
    lines = agent.lines().length
    await agent.reload({ ...config, sinks: more })
    await agent.logged(/^Configuration applied/, lines)
    const { scrapes, equations } = await watching.end(20)
    assert.ok(equations >= scrapes, `${equations} equations in ${scrapes} scrapes`)
    const { code } = await agent.stop()
    assert.equal(code, 0)

    const { stdout } = await remora(t, ['--config', join(cwd, 'remora.yaml'), 'spool', 'state', '--json'], {
      cwd,
    })
    for (const sink of ['one', 'two']) {
      const { length } = await linesIn(join(cwd, sink))
      assert.deepEqual(countsOf(stdout, sink), { acknowledged: length, held: 0, lost: 0 })
    }
    console.log(`reload: ${scrapes} scrapes, ${equations} equations held`)
  })

  test('remora counts what was held for a sink that a reload removes as lost, and checks say so before', async (t) => {
    const cwd = await workFolder(t)
    const dead = { type: 'prometheus', url: `http://127.0.0.1:${await freePort()}/write`, retry }
    const one = fileSink(join(cwd, 'one'))
    const agent = await startAgent(t, cwd, {
      config: { push: everySecond, collectors: apart, sinks: { one, dead } },
    })
    await eventually('something is held', async () => {
      return (valueIn(await agent.scrape(), 'remora_samples_held', { sink: 'dead' }) ?? 0) > 0
    })
    const watching = watch(agent)
    await writeFile(join(cwd, 'next.yaml'), stringify({ push: everySecond, sinks: { one } }))
    const checked = await remora(t, ['check', 'next.yaml'], { cwd })
    assert.equal(checked.code, 0, checked.stderr)
    assert.match(
      checked.stdout,
      /# warning: sink dead is not in this configuration: the \d+ records and samples held for it would be lost/,
    )

    await agent.reload({ push: everySecond, collectors: apart, sinks: { one } })
    const warned = await agent.logged(/^Sink dead is removed: the \d+ records and samples held for it/)
    const count = Number(/\d+/.exec(warned.message)?.[0])
    assert.ok(count > 0)
    await agent.logged(/^Configuration applied/)
    const page = await agent.scrape()
    const of = { sink: 'dead' }
    assert.equal(valueIn(page, 'remora_samples_held', of), 0)
    const lost = valueIn(page, 'remora_samples_lost_total', { ...of, reason: 'sink_removed' })
    assert.ok(lost !== undefined && lost >= count, `${lost} lost`)
    assert.equal(valueIn(page, 'remora_sink_up', of), undefined)

    // Added again it begins anew, and its ledger goes on.
    await agent.reload({ push: everySecond, collectors: apart, sinks: { one, dead } })
    await eventually('something is held again', async () => {
      return (valueIn(await agent.scrape(), 'remora_samples_held', of) ?? 0) > 0
    })
    assert.equal(
      valueIn(await agent.scrape(), 'remora_samples_lost_total', { ...of, reason: 'sink_removed' }),
      lost,
    )
    await watching.end(5)
  })

  test('remora moves to another address on SIGHUP, and stays where that one is taken', async (t) => {
    const cwd = await workFolder(t)
    const [first, second] = [await freePort(), await freePort()]
    const at = (listen: string) => ({
      server: { listen },
      push: everySecond,
      sinks: { one: fileSink(join(cwd, 'one')) },
    })
    const agent = await startAgent(t, cwd, {
      port: first,
      config: at(`127.0.0.1:${first}`),
      listenByConfig: true,
    })
    const answers = (url: string) =>
      fetch(`${url}/-/healthy`).then(
        (answer) => answer.ok,
        () => false,
      )
    await agent.reload(at(`127.0.0.1:${second}`))
    await agent.logged(/^Configuration applied/)
    assert.equal(await answers(`http://127.0.0.1:${second}`), true)
    assert.equal(await answers(agent.url), false)

    // The same port on every address: one cannot be had while the other is held.
    let seen = agent.lines().length
    await agent.reload(at(`0.0.0.0:${second}`))
    await agent.logged(/^Configuration applied/, seen)
    assert.equal(await answers(`http://127.0.0.2:${second}`), true)

    await using other = await startDeafServer()
    const { port: taken } = new URL(other.url)
    seen = agent.lines().length
    await agent.reload({ ...at(`127.0.0.1:${taken}`), sinks: { two: fileSink(join(cwd, 'two')) } })
    await agent.logged(
      /^The configuration is kept as it was: Cannot listen on "127\.0\.0\.1:\d+": another process/,
      seen,
    )
    assert.equal(await answers(`http://127.0.0.2:${second}`), true)
    const page = await scrape(`http://127.0.0.1:${second}`)
    assert.equal(valueIn(page, 'remora_sink_up', { sink: 'one' }), 1)
    assert.equal(valueIn(page, 'remora_sink_up', { sink: 'two' }), undefined)
  })

  test('remora asked to reload and to end while it starts does both once it has started', async (t) => {
    const cwd = await workFolder(t)
    const config = { sinks: { one: fileSink(join(cwd, 'one')) } }
    for (let index = 0; index < 3; index++) {
      const agent = await startAgent(t, cwd, { config, ready: 'spawned' })
      // The first line warns of the configuration: the spool is not open yet.
      const [line] = await once(agent.child.stderr ?? assert.fail(), 'data')
      assert.doesNotMatch(String(line), /runs on/)
      agent.child.kill('SIGHUP')
      agent.child.kill('SIGTERM')
      const { code, stderr } = await agent.ended
      assert.equal(code, 0, stderr)
      assert.match(stderr, /Remora has ended: everything was delivered/)
    }
  })

  test('remora that finds its spool in use ends with 3, its port taken with 1, its configuration wrong with 2', async (t) => {
    const cwd = await workFolder(t)
    const agent = await startAgent(t, cwd)
    const ends = async (env: Record<string, string>, args = ['run']) => {
      const end = await remora(t, args, { cwd, env })
      assert.doesNotMatch(end.stderr, stackTrace)
      assert.equal(end.stdout, '')
      return { code: end.code, last: end.stderr.trim().split('\n').at(-1) ?? '' }
    }
    const locked = await ends({ REMORA_SERVER_LISTEN: `127.0.0.1:${await freePort()}` })
    assert.equal(locked.code, 3)
    assert.match(locked.last, /^Cannot (open|lock|use) .*spool.*: .*another Remora/i)

    const taken = await ends({
      REMORA_SERVER_LISTEN: `127.0.0.1:${agent.port}`,
      REMORA_SPOOL_PATH: join(cwd, 'other'),
    })
    assert.equal(taken.code, 1)
    assert.match(taken.last, /^Cannot listen on "127\.0\.0\.1:\d+": another process listens there already/)

    const wrong = await ends({ REMORA_LOG_LEVEL: 'loud' })
    assert.equal(wrong.code, 2)
    assert.match(wrong.last, /^Cannot use REMORA_LOG_LEVEL.*log\.level.*"loud".*debug, info, warn/)

    await writeFile(join(cwd, 'wrong.yaml'), 'log:\n  level: loud\nspol: {}\n')
    for (const args of [
      ['--config', 'wrong.yaml', 'run'],
      ['check', 'wrong.yaml'],
      ['--config', 'wrong.yaml', 'collect', 'zram'],
    ]) {
      const end = await remora(t, args, { cwd })
      assert.equal(end.code, 2)
      assert.match(end.stderr, /wrong\.yaml:2:10: log\.level/)
      assert.match(end.stderr, /wrong\.yaml:3:1: spol: unknown key; did you mean "spool"\?/)
      assert.doesNotMatch(end.stderr, stackTrace)
    }
    await mkdir(join(cwd, 'damaged'))
    await writeFile(join(cwd, 'damaged/spool.sqlite'), 'no database at all '.repeat(500))
    const damaged = await remora(t, ['check'], { cwd, env: { REMORA_SPOOL_PATH: 'damaged' } })
    assert.equal(damaged.code, 0, damaged.stderr)
    assert.match(damaged.stdout, /# warning: what would be lost is unknown: Cannot read spool "damaged/)
    const missing = await ends({}, ['--config', 'nowhere.yaml', 'run'])
    assert.equal(missing.code, 2)
    assert.match(missing.last, /nowhere\.yaml/)
    const format = await ends({}, ['collect', '--format', 'xml'])
    assert.equal(format.code, 2)
    assert.match(format.last, /"?xml"?.*table, prometheus, json/)

    await agent.scrape()
    assert.equal((await agent.stop()).code, 0)
  })

  test('remora goes on when nobody reads what it writes to stderr and stdout', async (t) => {
    const cwd = await workFolder(t)
    const agent = await startAgent(t, cwd, { config: { push: everySecond } })
    agent.child.stderr?.destroy()
    agent.child.stdout?.destroy()
    for (let index = 0; index < 3; index++) {
      await agent.reload('nonsense: true')
      await sleep(200)
    }
    await acknowledged(agent, 'local')
    agent.child.kill('SIGTERM')
    const [code] = await once(agent.child, 'exit')
    assert.equal(code, 0)

    // As head(1) does once it has enough.
    for (const [args, code] of [
      [['collect', 'host'], 0],
      [['--config', 'nowhere.yaml', 'run'], 2],
    ] as const) {
      const child = spawn(process.execPath, [bundle, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
      child.stdout.destroy()
      child.stderr.destroy()
      assert.deepEqual(await once(child, 'exit'), [code, null], args.join(' '))
    }
  })

  test('remora runs as anybody and without zram, and says so in clear words', async (t) => {
    const uid = 65_534
    const cwd = await workFolder(t)
    await chown(cwd, uid, uid)
    // The project may lie where nobody else may look.
    const program = { cwd, uid, node: join(cwd, 'node'), bundle: join(cwd, 'remora.cjs') }
    await copyFile(process.execPath, program.node, constants.COPYFILE_FICLONE)
    await copyFile(bundle, program.bundle)
    await chmod(program.node, 0o755)
    const empty = join(cwd, 'sys')
    await mkdir(empty)
    const env = { REMORA_PATHS_SYS: empty }

    const collected = await remora(t, ['collect', 'zram'], { ...program, env })
    assert.deepEqual({ code: collected.code, stderr: collected.stderr }, { code: 0, stderr: '' })
    assert.match(
      collected.stdout,
      /^zram: not here: this kernel has no zram loaded; nothing to do, or `modprobe zram`/,
    )
    const all = await remora(t, ['collect'], { ...program, env })
    assert.equal(all.code, 0, all.stdout)
    assert.doesNotMatch(all.stdout + all.stderr, stackTrace)

    const agent = await startAgent(t, cwd, {
      ...program,
      env: { ...env, REMORA_PUSH_SCHEDULE: '* * * * * *' },
    })
    await acknowledged(agent, 'local')
    const status: { collectors: { name: string; state: string; why?: string }[] } = JSON.parse(
      await (await fetch(`${agent.url}/api/v1/status`)).text(),
    )
    const { journald, kmsg, zram, root, host, inventory } = Object.fromEntries(
      status.collectors.map(({ name, state }) => [name, state]),
    )
    // Whether there is a journal, and whether anybody may read it, is the machine's own.
    for (const state of [journald, kmsg]) assert.match(state ?? '', /^(ok|absent)$/)
    const states = { zram, root, host, inventory }
    assert.deepEqual(states, { zram: 'absent', root: 'ok', host: 'ok', inventory: 'ok' })
    const { code, stderr } = await agent.stop()
    assert.equal(code, 0)
    assert.match(stderr, /Collector zram is absent: this kernel has no zram loaded/)
    assert.doesNotMatch(stderr, stackTrace)
    assert.ok((await linesIn(join(cwd, 'remora-data/out'))).length > 100)

    const folder = join(cwd, 'closed')
    await mkdir(folder, { mode: 0o700 })
    await writeFile(join(folder, 'remora.yaml'), 'log: {}\n', { mode: 0o600 })
    const unreadable = await remora(t, ['--config', join(folder, 'remora.yaml'), 'run'], program)
    assert.equal(unreadable.code, 2)
    assert.match(
      unreadable.stderr,
      /^Cannot use configuration ".*closed\/remora\.yaml": this user may not read it/,
    )
    assert.doesNotMatch(unreadable.stderr, stackTrace)
  })
})
