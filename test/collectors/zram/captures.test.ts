import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { layouts, parseAlgorithm, parseColumns } from '../../../collectors/zram/statistics.ts'

const captures = process.env.REMORA_CAPTURES ?? join(import.meta.dirname, '../../../../shared/captures')
const lab = join(captures, 'lab')

/** Where each kind of line stands in the captures, how many there are, and how many columns have a metric. */
const kinds = [
  ['mm_stat', /^(?!stat:).*?((?:\d+ +){8}\d+) *$/gm, 9, 9],
  ['io_stat', /^io_stat[^:]*: *(.+)$/gm, 3, 4],
  ['bd_stat', /^bd_stat: *(.+)$/gm, 1, 3],
  ['stat', /^stat: *(.+)$/gm, 1, 2],
] as const

test('zram captures are parsed whole', async () => {
  if (!existsSync(lab)) return console.log('no captures here: 0 zram lines checked')
  const files = ['zram0.txt', 'host-zram/memlimit.txt'].map((name) => readFile(join(lab, name), 'utf8'))
  const text = (await Promise.all(files)).join('\n')
  const find = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, line = '']) => line)
  let checked = 0
  for (const [name, pattern, lines, columns] of kinds) {
    const found = find(pattern)
    assert.equal(found.length, lines, name)
    for (const line of found) {
      const unlimited = name === 'mm_stat' && line.split(/\s+/)[3] === '0'
      assert.equal(parseColumns(name, line, layouts[name]).size, unlimited ? columns - 1 : columns, line)
      checked++
    }
  }
  const algorithms = find(/(?:comp_algorithm: |alg=)(.+)$/gm).map((line) =>
    parseAlgorithm('comp_algorithm', line),
  )
  assert.deepEqual(algorithms, ['lzo-rle', 'lzo-rle', 'lz4'])
  console.log(`${checked + algorithms.length} captured zram lines checked`)
})
