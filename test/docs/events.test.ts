/** The catalogue of events is what collectors make: each name in the code is declared, and each declared name is in the code. */
import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { declaredEvents } from '../../docs/events-page.ts'
import type { Collector, StateReading } from '../../src/model.ts'
import { collectOnce, contextOf } from '../collectors/context.ts'

const root = join(import.meta.dirname, '../..')
/** `event: 'zram.fill'`, `'event.name': 'raid.log'`, `['event.name', 'ipmi.sel']`, and the same with a name put together. */
const written = /(?:\bevent: |'event\.name'[:,] )(?:[^'`\n]*\? ?)?(?:'([a-z0-9_.]+)'|`([^`]+)`)/g
/** Both ways of a choice. */
const chosen = /(?:\bevent: |'event\.name': )[^\n]*\? '([a-z0-9_.]+)' : (?:'([a-z0-9_.]+)'|`([^`]+)`)/g
/** `fields(report, 'drive.log_cleared', …)`. */
const passed = /\bfields\(\w+, '([a-z0-9_.]+)'/g

async function namesInCode(): Promise<Set<string>> {
  const names = new Set<string>()
  for await (const file of glob(['collectors/**/*.ts', 'src/**/*.ts'], { cwd: root })) {
    if (/(?:[a-z]\/events|event-types)\.ts$/.test(file) && !file.includes('adaptec')) continue
    const text = await readFile(join(root, file), 'utf8')
    for (const pattern of [written, chosen, passed])
      for (const [, ...found] of text.matchAll(pattern))
        for (const name of found) if (name?.includes('.')) names.add(name)
  }
  return names
}

/** As a pattern, where a part of it is put in. */
function patternOf(name: string): RegExp {
  const parts = name.split(/<[^>]*>|\$\{.*?\}/).map((part) => part.replaceAll('.', '\\.'))
  return new RegExp(`^${parts.join('[^.]+')}$`)
}

const example = (name: string) => name.replaceAll(/<[^>]*>|\$\{.*?\}/g, 'some')

test('every event in the code is in the catalogue, and the other way round', async () => {
  const names = [...(await namesInCode())]
  assert.ok(names.length > 25, `${names.length} found`)
  const declared = declaredEvents.flatMap(({ events }) => events.map(({ name }) => name))
  const unknown = names.filter(
    (name) =>
      !declared.some((one) => patternOf(one).test(example(name)) || patternOf(name).test(example(one))),
  )
  assert.deepEqual(unknown, [], 'made and not declared')
  const unmade = declared.filter(
    (one) => !names.some((name) => patternOf(one).test(example(name)) || patternOf(name).test(example(one))),
  )
  assert.deepEqual(unmade, [], 'declared and not made')
})

test('a source declares an event once, and what it says in words', () => {
  for (const { source, events } of declaredEvents) {
    const names = events.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length, source)
    for (const { name, when, attributes } of events) {
      assert.match(when, /^[A-Z].*\.$/s, `${name}: when`)
      for (const [attribute, meaning] of Object.entries(attributes))
        assert.ok(meaning.length > 2, `${name}: ${attribute}`)
    }
  }
})

test('a collector that makes an event or attribute which it does not declare fails its tests', async () => {
  const reading: StateReading = {
    part: 'it',
    state: 'here',
    healthy: true,
    event: 'thing.state',
    severity: 9,
    body: 'It is here',
    attributes: { device: 'it' },
  }
  const collector = (events: Collector['events']): Collector => ({
    name: 'thing',
    metrics: [],
    ...(events && { events }),
    async *collect() {
      yield reading
    },
  })
  const declared = {
    name: 'thing.state',
    when: 'It comes.',
    states: ['here'],
    attributes: { device: 'its name' },
  }
  await collectOnce(collector([declared]), contextOf())
  await assert.rejects(
    collectOnce(collector(undefined), contextOf()),
    /"thing.state", which it does not declare/,
  )
  await assert.rejects(
    collectOnce(collector([{ ...declared, name: 'thing.other' }]), contextOf()),
    /does not declare/,
  )
  await assert.rejects(
    collectOnce(collector([{ ...declared, attributes: {} }]), contextOf()),
    /with "device"/,
  )
})
