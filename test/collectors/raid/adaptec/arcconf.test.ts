import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { raid } from '../../../../collectors/raid/raid.ts'
import { collectOnce, contextOf } from '../../context.ts'
import { fixture } from '../fuzz.ts'
import { type Answers, impatient, type Machine, machineWith } from '../replay.ts'

const two = 'arcconf-2.06-asr8885q'

async function machine(t: TestContext, answers: Answers = two) {
  const host = await machineWith(t, { arcconf: answers })
  return { ...host, read: (states?: ReadonlyMap<string, string>) => read(host, states) }
}

async function read({ path, folder }: Machine, states: ReadonlyMap<string, string> = new Map()) {
  const context = contextOf({ path, folder, states })
  const reading = await collectOnce(raid, context)
  const state = reading.samples.find(
    ({ metric, labels, value }) =>
      metric.name === 'raid_tool_state' && labels.family === 'arcconf' && value === 1,
  )?.labels.state
  return { ...reading, state, skipped: context.skipped.map(({ message }) => message) }
}

/** The same answers, so that some can be changed. */
function answersOf(...words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map((asked) => [asked, fixture(`${two}/${asked.replaceAll(' ', '_')}`)]))
}

const all = ['LIST', 'GETCONFIG 1 AL', 'GETSTATUS 1', 'GETCONFIG 2 AL', 'GETSTATUS 2', 'GETLOGS 2 DEVICE']

test('raid reads every controller of arcconf, with tasks and the counters of its device log', async (t) => {
  const { series, states, state, skipped } = await (await machine(t)).read()
  assert.deepEqual([state, skipped], ['ok', []])
  assert.equal(states.length, 2 + 2 + 3 + 12)
  const rebuild = 'array="1",controller="1",operation="rebuild",vendor="adaptec"'
  assert.equal(series.get(`raid_array_progress_ratio{${rebuild}}`), 0.42)
  const array = 'array="1",controller="1",state="rebuilding",vendor="adaptec"'
  assert.equal(series.get(`raid_array_state{${array}}`), 1)
  const failed = 'controller="2",enclosure="connector 0",slot="1"'
  assert.equal(series.get(`raid_drive_state{${failed},state="failed",vendor="adaptec"}`), 1)
  assert.equal(series.get(`raid_drive_media_errors_total{${failed},vendor="adaptec"}`), 8)
  assert.equal(series.get(`raid_drive_other_errors_total{${failed},vendor="adaptec"}`), 38)
  // What the log of errors does not list has none.
  const good = 'controller="2",enclosure="connector 1",slot="1",vendor="adaptec"'
  assert.equal(series.get(`raid_drive_media_errors_total{${good}}`), 0)
  assert.equal(series.get('raid_unknown_words{vendor="adaptec"}'), 1)
})

test('raid reads arcconf the same whatever its exit status', async (t) => {
  const said = answersOf(...all)
  const failing = Object.fromEntries(all.map((asked) => [`${asked}.exit`, '1\n']))
  const { state, states, skipped } = await (await machine(t, { ...said, ...failing })).read()
  assert.deepEqual([state, states.length, skipped], ['ok', 19, []])
})

test('raid tells of an arcconf drive that was pulled and of a controller that is gone, not of one that could not be read', async (t) => {
  const answers = answersOf(...all)
  const host = await machine(t, answers)
  const known = new Map((await host.read()).states.map(({ part, state }) => [part, state]))
  const changes = async () => {
    const { states, state, skipped } = await host.read(known)
    const changed = states.filter((reading) => known.get(reading.part) !== reading.state)
    return { changed: changed.map(({ part, state }) => `${part} ${state}`), state, skipped }
  }
  const text = answers['GETCONFIG 1 AL'] ?? ''
  const pulled =
    text.slice(0, text.indexOf('      Device #3\n')) + text.slice(text.indexOf('      Device #4\n'))
  await host.answer('arcconf', { 'GETCONFIG 1 AL': pulled })
  assert.deepEqual(await changes(), {
    changed: ['raid:adaptec:7C0419AA11F:drive:1:4 missing'],
    state: 'ok',
    skipped: [],
  })
  const second = answers['GETCONFIG 2 AL'] ?? ''
  await host.answer('arcconf', { 'GETCONFIG 1 AL': text, 'GETCONFIG 2 AL': second.slice(0, 2000) })
  assert.deepEqual(await changes(), {
    changed: [],
    state: 'ok',
    skipped: ['Cannot parse controller 2: the text ends before its drives'],
  })
  await host.answer('arcconf', { LIST: 'Controllers found: 1\nController 1: : Optimal\n' })
  assert.deepEqual((await changes()).changed, ['raid:adaptec:4E22A7:controller failed'])
})

test('raid reads the second arcconf controller while the first hangs, and one whose tasks hang', async (t) => {
  const answers = answersOf(...all)
  const known = new Map((await (await machine(t)).read()).states.map(({ part, state }) => [part, state]))
  const after = async (hanging: string) => {
    const host = await machine(t, { ...answers, [`${hanging}.hang`]: '' })
    const context = contextOf({ ...host, states: known, run: impatient(host, hanging) })
    const { states } = await collectOnce(raid, context)
    return { parts: states.length, gone: states.filter(({ body }) => body.includes('no longer')), context }
  }
  const first = await after('GETCONFIG 1 AL')
  assert.deepEqual([first.parts, first.gone], [8, []])
  assert.match(first.context.skipped.map(String).join(), /arcconf": killed after 1 s$/)
  assert.equal((await after('GETSTATUS 1')).parts, 19)
})

test('raid says that arcconf finds no controller, or that it cannot be understood', async (t) => {
  const host = await machine(t, { LIST: 'Controllers found: 0\n' })
  const first = await host.read()
  assert.deepEqual([first.state, first.skipped], ['no-controller', []])
  await host.answer('arcconf', { LIST: 'Segmentation fault\n' })
  const second = await host.read()
  assert.equal(second.state, 'failed')
  assert.match(second.skipped.join(), /^Cannot parse the list of controllers .*: no "Controllers found"$/s)
})

test('raid reads an arcconf that knows neither LIST nor the logs of its card', async (t) => {
  const { state, series, skipped } = await (await machine(t, 'arcconf-5.2-serveraid')).read()
  assert.equal(state, 'ok')
  assert.deepEqual(
    skipped.map((message) => /^Cannot \w+ \w+/.exec(message)?.[0]),
    ['Cannot parse GETSTATUS', 'Cannot parse ControllerLog'],
  )
  const drive = 'controller="1",enclosure="",slot="0,0"'
  assert.equal(series.get(`raid_drive_state{${drive},state="online",vendor="adaptec"}`), 1)
  assert.equal(series.get(`raid_drive_media_errors_total{${drive},vendor="adaptec"}`), undefined)
})
