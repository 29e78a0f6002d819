import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zram } from '../../../collectors/zram/zram.ts'
import { collectOnce, contextOf } from '../context.ts'
import { changed } from './machine.ts'

/** What a broken file of zram2 is told as. The other two devices are read all the same. */
const broken: [path: string, text: string, message: RegExp][] = [
  ['disksize', '', /^Cannot parse block\/zram2\/disksize "": not a whole number$/],
  ['disksize', '512M\n', /^Cannot parse block\/zram2\/disksize "512M": not a whole number$/],
  ['mm_stat', '', /^Cannot parse block\/zram2\/mm_stat "": 0 columns, not 7 or more$/],
  [
    'mm_stat',
    '1 2 3 4 5 6\n',
    /^Cannot parse block\/zram2\/mm_stat "1 2 3 4 5 6": 6 columns, not 7 or more$/,
  ],
  [
    'mm_stat',
    '1 2 -4096 0 5 6 7\n',
    /^Cannot parse block\/zram2\/mm_stat column 3 "-4096": not a whole number$/,
  ],
  ['mm_stat', '1 2 3 0 5 6 NaN\n', /^Cannot parse block\/zram2\/mm_stat column 7 "NaN": not a whole number$/],
  [
    'mm_stat',
    '1 18446744073709547520 3 0 5 6 7\n',
    /^Cannot parse block\/zram2\/mm_stat column 2 "18446744073709547520": too large to be true$/,
  ],
  [
    'mm_stat',
    '1 2 3 0 5 6 7 8 9 x\n',
    /^Cannot parse block\/zram2\/mm_stat column 10 "x": not a whole number$/,
  ],
  ['io_stat', '0 0 0\n', /^Cannot parse block\/zram2\/io_stat "0 0 0": 3 columns, not 4 or more$/],
  [
    'bd_stat',
    '0 9007199254740991 0\n',
    /^Cannot parse block\/zram2\/bd_stat column 2 "9007199254740991": too large/,
  ],
  ['bd_stat', 'none\n', /^Cannot parse block\/zram2\/bd_stat "none": 1 columns, not 3 or more$/],
  ['stat', '\0\0\0\n', /^Cannot parse block\/zram2\/stat "\0\0\0": 1 columns, not 11 or more$/],
  ['comp_algorithm', '\n', /^Cannot parse block\/zram2\/comp_algorithm "": none is chosen$/],
  ['comp_algorithm', 'lzo lz4\n', /^Cannot parse block\/zram2\/comp_algorithm "lzo lz4": none is chosen$/],
]

for (const [file, text, message] of broken) {
  test(`zram skips a device whose ${file} is ${JSON.stringify(text)} and reads the others`, async () => {
    await using machine = await changed('linux-6.18', { [`sys/block/zram2/${file}`]: text })
    const context = contextOf(machine)
    const { samples, states } = await collectOnce(zram, context)
    assert.equal(context.skipped.length, 1)
    assert.equal(context.skipped[0]?.name, 'ParseError')
    assert.match(context.skipped[0]?.message ?? '', message)
    assert.deepEqual([...new Set(samples.map(({ labels }) => labels.device))], ['zram0', 'zram1'])
    assert.equal(states.length, 6)
  })
}

test('zram with a garbled single file names that file', async () => {
  await using machine = await changed('linux-3.14', { 'sys/block/zram0/compr_data_size': '-1\n' })
  const context = contextOf(machine)
  const { series } = await collectOnce(zram, context)
  assert.equal(series.size, 0)
  assert.deepEqual(
    context.skipped.map(({ message }) => message),
    ['Cannot parse block/zram0/compr_data_size "-1": not a whole number'],
  )
})

test('zram without readable mounts keeps what the kernel counts, and claims no use', async () => {
  await using machine = await changed('linux-6.18', { 'proc/1/mountinfo': 'torn' })
  const context = contextOf(machine)
  const { series } = await collectOnce(zram, context)
  assert.deepEqual(
    context.skipped.map(({ message }) => message),
    ['Cannot parse mountinfo line 1 "torn": too few fields'],
  )
  assert.equal(series.get('node_zram_orig_data_bytes{device="zram0"}'), 820117504)
  assert.equal([...series.keys()].filter((key) => /info|filesystem|inodes|trim/.test(key)).length, 0)
  assert.equal(series.size, 73 - 12)
})

test('zram without readable swaps or MemAvailable says so and reads on', async () => {
  await using machine = await changed('linux-6.18', {
    'proc/swaps': 'Filename Type Size Used Priority\n/dev/zram0 partition\n',
    'proc/meminfo': 'MemAvailable:    many kB\n',
  })
  const context = contextOf(machine)
  const { series } = await collectOnce(zram, context)
  assert.deepEqual(
    context.skipped.map(({ message }) => message),
    [
      'Cannot parse meminfo MemAvailable "MemAvailable:    many kB": not a number of kB',
      'Cannot parse swaps line 2 "/dev/zram0 partition": not a path, a type and three numbers',
    ],
  )
  assert.equal(series.size, 73 - 12 - 5)
})

test('zram whose file system does not answer loses its two constraints and the trim, no more', async () => {
  await using machine = await changed('linux-6.18', {})
  const { '/mnt/z2': _, ...usage } = machine.usage
  const context = contextOf({ ...machine, usage })
  const { series } = await collectOnce(zram, context)
  assert.deepEqual(
    context.skipped.map(({ message }) => message),
    ['ENOENT: statfs "/mnt/z2"'],
  )
  assert.equal(series.size, 73 - 3)
})

test('zram that is removed while it is read is absent, and gone if it was known', async () => {
  await using machine = await changed('linux-6.18', {
    'sys/block/zram1/disksize': undefined,
    'sys/block/zram2/mm_stat': undefined,
  })
  const context = contextOf({
    ...machine,
    states: new Map([
      ['zram1:present', 'present'],
      ['zram2:present', 'gone'],
      ['zram1:fill', 'above-90'],
    ]),
  })
  const { samples, states } = await collectOnce(zram, context)
  assert.deepEqual(context.skipped, [])
  assert.deepEqual([...new Set(samples.map(({ labels }) => labels.device))], ['zram0'])
  assert.deepEqual(
    states.filter(({ state }) => state === 'gone').map(({ part }) => part),
    ['zram1:present'],
  )
})
