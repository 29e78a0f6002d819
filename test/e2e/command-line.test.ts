/** The command line as it ships: what goes wrong, for a person and for whoever asked for JSON. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { bundle, remora, workFolder } from './agent.ts'

interface Told {
  readonly error: { readonly name: string; readonly message: string }
}

/** What each line of standard error says, all of them JSON. */
function told(stderr: string): Told['error'][] {
  return stderr
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { error }: Told = JSON.parse(line)
      return error
    })
}

test('what is wrong with the command line is words or JSON, with the same exit code', async (t) => {
  const cwd = await workFolder(t)
  const wrong: readonly (readonly [string[], RegExp])[] = [
    [['wat', '--json'], /^unknown command 'wat'/],
    [['doctor', '--json', '--deadline', 'soon'], /Expected seconds, above 0/],
    [['tail', '--json', '--unit'], /^option '-u, --unit <unit>' argument missing/],
    [['collect', '-f', 'json', 'zramm'], /^Cannot collect "zramm": known are zram, /],
  ]
  for (const [words, message] of wrong) {
    const { code, stdout, stderr } = await remora(t, words, { cwd })
    assert.deepEqual([code, stdout], [2, ''])
    const [error, ...more] = told(stderr)
    assert.deepEqual([error?.name, more], ['UsageError', []])
    assert.match(error?.message ?? '', message)
  }
  const plain = await remora(t, ['doctor', '--nope'], { cwd })
  assert.deepEqual([plain.code, plain.stderr], [2, "error: unknown option '--nope'\n"])
  // A name, not a flag: it is said as words.
  const named = await remora(t, ['collect', '--', '--json'], { cwd })
  assert.match(named.stderr, /^Cannot collect "--json"/)
})

test('what goes wrong with a spool is words or JSON, named by its class', async (t) => {
  const cwd = await workFolder(t)
  const none = await remora(t, ['spool', '--json'], { cwd })
  assert.deepEqual([none.code, none.stdout], [1, ''])
  assert.match(told(none.stderr)[0]?.message ?? '', /^Cannot open spool ".*": there is none/)

  const folder = join(cwd, 'remora-data/spool')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'spool.sqlite'), 'x'.repeat(5000))
  const damaged = await remora(t, ['spool', 'quarantine', 'list', '--json'], { cwd })
  assert.deepEqual([damaged.code, damaged.stdout], [1, ''])
  assert.match(told(damaged.stderr)[0]?.message ?? '', /^Cannot read spool ".*": file is not a database$/)
})

test('tail says as JSON why a source has ended', async (t) => {
  const cwd = await workFolder(t)
  await mkdir(join(cwd, 'dev/kmsg'), { recursive: true })
  const child = spawn(process.execPath, [bundle, 'tail', 'kmsg', '--json'], {
    cwd,
    env: { PATH: process.env.PATH, REMORA_PATHS_ROOT: cwd },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  for await (const text of child.stderr.setEncoding('utf8')) {
    said += text
    if (said.endsWith('\n')) break
  }
  assert.match(told(said)[0]?.message ?? '', /^kmsg: EISDIR/)
})

test('check and errors are JSON for whoever asks for that', async (t) => {
  const cwd = await workFolder(t)
  const secret = 'hunter2'
  const sink = {
    type: 'loki',
    url: 'http://127.0.0.1:1/push',
    headers: { 'X-Key': secret },
  }
  await writeFile(join(cwd, 'good.yaml'), stringify({ sinks: { loki: sink } }))
  const good = await remora(t, ['check', '--json', 'good.yaml'], { cwd })
  const told: { origin: string; config: { sinks: object } } = JSON.parse(good.stdout)
  assert.deepEqual([good.code, told.origin, Object.keys(told.config.sinks)], [0, 'good.yaml', ['loki']])
  assert.ok(!good.stdout.includes(secret))
  await writeFile(join(cwd, 'bad.yaml'), 'server:\n  lisen: 1\n')
  for (const args of [
    ['check', '--json', 'bad.yaml'],
    ['--config', 'bad.yaml', 'spool', 'state', '--json'],
  ]) {
    const bad = await remora(t, args, { cwd })
    const { error }: { error: { name: string; message: string } } = JSON.parse(bad.stderr)
    assert.deepEqual([bad.code, bad.stdout, error.name], [2, '', 'ConfigError'])
    assert.match(error.message, /lisen/)
  }
})
