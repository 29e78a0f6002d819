import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exec } from '../../../collectors/plugins/exec.ts'
import { groupAlive } from '../../../src/process-group.ts'
import { collectOnce, contextOf } from '../context.ts'

const collector = exec(new Set(['node_load1']))

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-plugins-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A plug-in out of a shell script. */
async function script(folder: string, name: string, text: string, more: object = {}) {
  const path = join(folder, name)
  await writeFile(path, `#!/bin/sh\n${text}`)
  await chmod(path, 0o755)
  return { name, command: [path], ...more }
}

const once = async (plugins: readonly object[]) => {
  const context = { ...contextOf({ options: { plugins } }), isAlone: true }
  const { series, samples } = await collectOnce(collector, context)
  return { series, samples, skipped: context.skipped.map(({ message }) => message) }
}

test('exec shows what each plug-in prints, in all three formats, run once or kept running', async (t) => {
  const folder = await folderOf(t)
  const { series, skipped } = await once([
    await script(folder, 'text', 'echo "# TYPE a_total counter"; echo "a_total{x=\\"$1\\"} 3"'),
    await script(folder, 'json', `echo '{"metrics":[{"name":"b","value":2.5,"type":"gauge"}]}'`, {
      format: 'json',
    }),
    await script(folder, 'influx', 'echo "c,host=n value=7i"', { format: 'influx' }),
    await script(folder, 'stream', 'while :; do echo "d $((n += 1))"; echo "# EOF"; sleep 5; done', {
      keep_running: true,
    }),
  ])
  assert.deepEqual(skipped, [])
  assert.deepEqual(
    ['a_total', 'b', 'c{host="n"}', 'd'].map((key) => series.get(key)),
    [3, 2.5, 7, 1],
  )
  for (const name of ['text', 'json', 'influx', 'stream'])
    assert.equal(series.get(`remora_plugin_success{plugin="${name}"}`), 1)
})

test('exec takes nothing of a frame that is bad anywhere, and says why', async (t) => {
  const folder = await folderOf(t)
  const { series, samples, skipped } = await once([
    await script(folder, 'torn', 'echo "good 1"; echo "bad{x="'),
    await script(folder, 'stolen', 'echo "node_load1 1"'),
    await script(folder, 'failing', 'echo "fine 1"; echo "no quota file" >&2; exit 3'),
    await script(folder, 'many', 'seq -f "m{n=\\"%g\\"} 1" 11', { max_series: 10 }),
    { name: 'gone', command: ['/nowhere/tool'] },
  ])
  const reason = (plugin: string, word: string) =>
    series.get(`remora_plugin_errors_total{plugin="${plugin}",reason="${word}"}`)
  assert.deepEqual(
    [
      reason('torn', 'malformed'),
      reason('stolen', 'malformed'),
      reason('failing', 'failed'),
      reason('many', 'malformed'),
      reason('gone', 'failed'),
      reason('gone', 'malformed'),
    ],
    [1, 1, 1, 1, 1, 0],
  )
  assert.deepEqual(
    samples.filter(({ metric }) => !metric.name.startsWith('remora_')),
    [],
  )
  assert.deepEqual(
    skipped
      .map((message) => message.replace(/"\/[^"]*\/(\w+)"/, '"$1"').replace(/it or the folder "[^"]*" /, ''))
      .sort(),
    [
      'Plug-in "failing": Cannot run "failing": it ended with 3: no quota file',
      'Plug-in "gone": Cannot run "tool": not found',
      'Plug-in "many": Cannot take what plug-in "many" says: 11 series, more than 10',
      `Plug-in "stolen": Cannot take what plug-in "stolen" says: the name node_load1 is Remora's own`,
      'Plug-in "torn": Cannot parse line 2 "bad{x=": expected label="value", or a closing brace',
    ],
  )
})

test('exec takes nothing of a frame that does not fit to what a plug-in before it says', async (t) => {
  const folder = await folderOf(t)
  const { series, skipped } = await once([
    await script(
      folder,
      'first',
      'echo "# TYPE x summary"; echo "x_sum 1"; echo "x_count 1"; echo "y{n=\\"1\\"} 1"',
    ),
    await script(folder, 'typed', 'echo "well 1"; echo "# TYPE y counter"; echo "y{n=\\"2\\"} 1"'),
    await script(folder, 'named', 'echo "well 1"; echo "x_sum 5"'),
    await script(folder, 'same', 'echo "well 1"; echo "y{n=\\"1\\"} 9"'),
    await script(folder, 'beside', 'echo "y{n=\\"3\\"} 3"'),
  ])
  assert.deepEqual(
    ['x_sum', 'y{n="1"}', 'y{n="3"}', 'well'].map((key) => series.get(key)),
    [1, 1, 3, undefined],
  )
  for (const name of ['typed', 'named', 'same']) {
    assert.equal(series.get(`remora_plugin_errors_total{plugin="${name}",reason="malformed"}`), 1, name)
    assert.equal(series.get(`remora_plugin_success{plugin="${name}"}`), 0, name)
  }
  assert.deepEqual(skipped, [
    'Plug-in "typed": y is of the counter y, and of the untyped y of plug-in first',
    'Plug-in "named": x_sum is of the untyped x_sum, and of the summary x of plug-in first',
    'Plug-in "same": the series y{n="1"} is there already, of plug-in first',
  ])
})

test('exec kills a plug-in that hangs or floods, with its group, and leaves no folder of it', async (t) => {
  const folder = await folderOf(t)
  const note = join(folder, 'note')
  const { series, skipped } = await once([
    await script(folder, 'hangs', `pwd >${note}; echo $$ >>${note}; sleep 600 & wait`, {
      deadline_seconds: 1,
    }),
    await script(folder, 'floods', 'yes flood'),
    await script(folder, 'silent', 'sleep 600', {
      keep_running: true,
      every_seconds: 1,
      deadline_seconds: 1,
    }),
  ])
  assert.equal(series.get('remora_plugin_errors_total{plugin="hangs",reason="timeout"}'), 1)
  assert.equal(series.get('remora_plugin_errors_total{plugin="silent",reason="timeout"}'), 1)
  assert.equal(series.get('remora_plugin_errors_total{plugin="floods",reason="failed"}'), 1)
  assert.match(skipped.join('\n'), /more than 8388608 bytes of output/)
  assert.match(skipped.join('\n'), /no frame within 2 s/)
  const [where = '', group] = (await readFile(note, 'utf8')).trim().split('\n')
  assert.ok(!(await groupAlive(Number(group))))
  assert.ok(where !== '/' && !existsSync(where))
})

test('exec keeps a plug-in running: frame by frame, through bad ones, anew when it dies, ever more rarely', async (t) => {
  const folder = await folderOf(t)
  const note = join(folder, 'starts')
  const dying = await script(
    folder,
    'dying',
    `echo start >>${note}; echo "life $(wc -l <${note})"; echo "# EOF"; echo "half 1"; exit 0`,
    { keep_running: true, every_seconds: 1 },
  )
  const steady = await script(
    folder,
    'steady',
    'for n in 1 2 3; do echo "step $n"; echo "# EOF"; echo "broken{ 1"; echo "# EOF"; sleep 0.2; done; exec sleep 600',
    { keep_running: true, every_seconds: 60 },
  )
  const stopping = new AbortController()
  const base = contextOf({ options: { plugins: [dying, steady] } })
  const context = { ...base, signal: stopping.signal }
  const reading = (async () => {
    for await (const _ of collector.read?.({
      ...context,
      positions: new Map(),
      positionsOf: async () => new Map(),
    }) ?? [])
      assert.fail('a plug-in makes no records')
  })().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error
  })
  const seen = async () => (await collectOnce(collector, context)).series
  for (const until = Date.now() + 20_000; ; await sleep(50)) {
    const series = await seen()
    if (series.get('step') === 3 && (series.get('life') ?? 0) >= 2) {
      assert.equal(series.get('half'), undefined, 'what no sync line ends is no frame')
      assert.ok((series.get('remora_plugin_errors_total{plugin="steady",reason="malformed"}') ?? 0) >= 2)
      assert.ok((series.get('remora_plugin_errors_total{plugin="dying",reason="failed"}') ?? 0) >= 1)
      break
    }
    assert.ok(Date.now() < until, JSON.stringify([...series]))
  }
  stopping.abort()
  await reading
  assert.ok((await readFile(note, 'utf8')).split('\n').length < 12, 'it is not begun over and over')
})

test('exec that names no plug-in is not here, and a wrong one is refused by the configuration', async () => {
  assert.deepEqual(await collector.probe?.(contextOf({ options: {} })), {
    here: false,
    why: '`plugins` names none',
  })
  const wrong = [
    [{ name: 'a', command: ['relative'] }],
    [{ name: 'A', command: ['/x'] }],
    [{ name: 'a', command: [] }],
    [
      { name: 'a', command: ['/x'] },
      { name: 'a', command: ['/y'] },
    ],
    [{ name: 'a', command: ['/x'], format: 'xml' }],
  ]
  for (const plugins of wrong)
    assert.equal(collector.options?.safeParse({ plugins }).success, false, JSON.stringify(plugins))
})

/** The source at work until the end of the test. */
function reading(t: TestContext, plugins: readonly object[]) {
  const stopping = new AbortController()
  const base = contextOf({ options: { plugins } })
  const context = { ...base, signal: stopping.signal }
  let isOver = false
  const ended = (async () => {
    const source = { ...context, positions: new Map(), positionsOf: async () => new Map() }
    for await (const _ of collector.read?.(source) ?? []) assert.fail('a plug-in makes no records')
  })()
    .catch((error: unknown) => {
      if (!stopping.signal.aborted) throw error
    })
    .finally(() => {
      isOver = true
    })
  const stop = async () => {
    stopping.abort()
    await ended
  }
  t.after(stop)
  return { context, skipped: base.skipped, isOver: () => isOver, stop }
}

test('exec runs nothing in a reading of the agent, and its source does not end for want of plug-ins', async (t) => {
  const folder = await folderOf(t)
  const note = join(folder, 'ran')
  const context = contextOf({ options: { plugins: [await script(folder, 'a', `echo ran >${note}`)] } })
  const { samples } = await collectOnce(collector, context)
  assert.deepEqual([samples, existsSync(note)], [[], false])
  const idle = reading(t, [])
  await sleep(200)
  assert.ok(!idle.isOver())
})

test('exec tells of the same failure once, and counts each', async (t) => {
  const folder = await folderOf(t)
  const { context, skipped } = reading(t, [
    await script(folder, 'bad', 'echo "bad{x="', { every_seconds: 1 }),
  ])
  const key = 'remora_plugin_errors_total{plugin="bad",reason="malformed"}'
  for (const until = Date.now() + 20_000; ; await sleep(50)) {
    const { series } = await collectOnce(collector, context)
    if ((series.get(key) ?? 0) >= 3) break
    assert.ok(Date.now() < until, JSON.stringify([...series]))
  }
  assert.equal(skipped.length, 1)
})
