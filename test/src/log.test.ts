import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { openLog, plainLine } from '../../src/log.ts'

function logInMemory() {
  const lines: Record<string, unknown>[] = []
  let milliseconds = 0
  const log = openLog('info', { write: (line) => lines.push(JSON.parse(line)) }, () => milliseconds)
  const pass = (by: number) => {
    milliseconds += by
  }
  return { log, lines, pass }
}

test('log writes a line of JSON with ISO time, level, cause and fields', () => {
  const { log, lines } = logInMemory()
  log.warn('sink local', 'Sink local is down', { words: 'refused' })
  log.debug('sink local', 'not at this level')
  assert.equal(lines.length, 1)
  const { time, ...rest } = lines[0] ?? {}
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.deepEqual(rest, {
    level: 'warn',
    cause: 'sink local',
    words: 'refused',
    message: 'Sink local is down',
  })
})

test('log holds back more than ten lines of one cause in any minute and says how many in the next', () => {
  const { log, lines, pass } = logInMemory()
  for (let line = 0; line < 25; line++) {
    log.info('storm', `line ${line}`)
    pass(1000)
  }
  log.info('other', 'passes')
  assert.equal(lines.length, 11)
  assert.equal(log.suppressed(), 15)
  pass(34_999) // 59.999 s after the first line.
  log.info('storm', 'still held back')
  assert.equal(lines.length, 11)
  pass(1)
  log.info('storm', 'a minute after the first')
  log.info('storm', 'held back again')
  assert.deepEqual(
    lines.slice(11).map(({ message, suppressed }) => [message, suppressed]),
    [['a minute after the first', 16]],
  )
  assert.equal(log.suppressed(), 17)
})

test('log.onChange writes only when the state of its cause changes', () => {
  const { log, lines } = logInMemory()
  for (const state of ['up', 'up', 'down', 'down', 'up'])
    log.onChange('sink local', state, `Sink is ${state}`)
  log.onChange('sink other', 'up', 'Other is up', 'warn')
  assert.deepEqual(
    lines.map(({ message }) => message),
    ['Sink is up', 'Sink is down', 'Sink is up', 'Other is up'],
  )
})

test('log follows a change of level', () => {
  const { log, lines } = logInMemory()
  log.setLevel('error')
  log.warn('a', 'no')
  log.setLevel('debug')
  log.debug('a', 'yes')
  assert.equal(lines.length, 1)
})

test('log lines are plain on a terminal', () => {
  const line =
    '{"level":"warn","time":"2026-01-02T03:04:05.000Z","cause":"a","words":"x y","message":"Sink is down"}'
  assert.equal(plainLine(line), '2026-01-02T03:04:05.000Z warn  Sink is down words="x y"\n')
})

test('log writes to stderr before the process is killed, and survives a closed stderr', () => {
  const url = new URL('../../src/log.ts', import.meta.url).href
  const program = (then: string) => `
    const { openLog } = await import(${JSON.stringify(url)})
    const log = openLog('info')
    log.info('start', 'the last words')
    ${then}`
  const killed = spawnSync(process.execPath, ['-e', program(`process.kill(process.pid, 'SIGKILL')`)])
  assert.equal(killed.signal, 'SIGKILL')
  assert.match(killed.stderr.toString(), /the last words/)
  assert.equal(killed.stdout.toString(), '')
  const script = `exec "$0" -e "$1" 2>&-`
  const closed = spawnSync('sh', ['-c', script, process.execPath, program(`console.log('goes on')`)])
  assert.equal(closed.stdout.toString(), 'goes on\n')
  assert.equal(closed.status, 0)
})
