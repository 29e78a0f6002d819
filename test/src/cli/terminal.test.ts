/** What commands do for a terminal alone: rows fit into it, and what takes long is named. */
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { waitingFor } from '../../../src/cli/progress.ts'
import { tableLines } from '../../../src/cli/table.ts'

const rows = [
  ['controller', 'array', 'state', 'what is in it'],
  ['0', '239', 'Optl', 'RAID6 of twelve drives'],
  ['0', '', 'Dgrd', ''],
].map((row) => row.map((text) => ({ text, ...(text === 'Dgrd' && { bad: true }) })))

test('a row that is wider than the terminal goes on in an indented line, its columns still in line', () => {
  assert.deepEqual(tableLines(rows, false, 30), [
    'controller  array  state',
    '    what is in it',
    '0           239    Optl',
    '    RAID6 of twelve drives',
    '0                  ! Dgrd',
  ])
  for (let width = 26; width < 60; width++)
    for (const line of tableLines(rows, false, width)) assert.ok(line.length <= width, `${width}: ${line}`)
})

test('what is piped stays one line a row', () => {
  assert.equal(tableLines(rows, false).length, rows.length)
})

test('what takes more than two seconds is named until it is done, on a terminal', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  let shown = ''
  {
    using waiting = waitingFor(['raid', 'zram'], (text) => {
      shown += text
    })
    mock.timers.tick(1999)
    assert.equal(shown, '')
    waiting.done('zram')
    mock.timers.tick(1)
    assert.match(shown, /1 of 2, waiting for raid$/)
  }
  assert.ok(shown.endsWith('\r\x1b[K'), 'the line is gone')
  const nobody = waitingFor(['raid'], undefined)
  mock.timers.tick(5000)
  nobody[Symbol.dispose]()
  mock.timers.reset()
})
