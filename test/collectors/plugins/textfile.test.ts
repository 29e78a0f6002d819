import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { textfile } from '../../../collectors/plugins/textfile.ts'
import { collectOnce, contextOf } from '../context.ts'

const collector = textfile(new Set(['node_load1']))
const debian = 'var/lib/prometheus/node-exporter'

test('textfile shows the files of its folders, each whole or not at all, and names what is wrong', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-textfile-'))
  t.after(() => rm(folder, { recursive: true }))
  const context = () => contextOf({ folder })
  assert.deepEqual(await collector.probe?.(context()), {
    here: false,
    why: 'no folder /var/lib/prometheus/node-exporter, /var/lib/node_exporter/textfile_collector',
  })
  const at = join(folder, 'root', debian)
  await mkdir(at, { recursive: true })
  assert.deepEqual(await collector.probe?.(context()), { here: true })
  await writeFile(
    join(at, 'a.prom'),
    '# HELP a Of a.\n# TYPE a gauge\na{x="1"} 1\n# TYPE shared counter\nshared{f="a"} 1\n',
  )
  await writeFile(join(at, 'b.prom'), '# TYPE shared counter\nshared{f="b"} 2\n')
  await utimes(join(at, 'b.prom'), 1000, 1_700_000_000)
  await writeFile(join(at, 'unread.txt'), 'no 1\n')
  const well = context()
  const good = await collectOnce(collector, well)
  assert.deepEqual(well.skipped, [])
  assert.deepEqual(
    ['a{x="1"}', 'shared{f="a"}', 'shared{f="b"}', 'no', 'node_textfile_scrape_error'].map((key) =>
      good.series.get(key),
    ),
    [1, 1, 2, undefined, 0],
  )
  assert.equal(good.series.get(`node_textfile_mtime_seconds{file="/${debian}/b.prom"}`), 1_700_000_000)

  await writeFile(join(at, 'c.prom'), 'c 1\nc 2 1700000000000\n')
  await writeFile(join(at, 'd.prom'), '# TYPE shared gauge\nshared{f="d"} 1\n')
  await writeFile(join(at, 'e.prom'), 'node_load1 1\n')
  await symlink('f.prom', join(at, 'f.prom'))
  await writeFile(join(at, 'g.prom'), 'g 1\na{x="1"} 1\n')
  const ill = context()
  const bad = await collectOnce(collector, ill)
  assert.deepEqual(
    ['a{x="1"}', 'c', 'shared{f="d"}', 'node_load1', 'node_textfile_scrape_error'].map((key) =>
      bad.series.get(key),
    ),
    [1, undefined, undefined, undefined, 1],
  )
  assert.deepEqual(
    ill.skipped.map(({ message }) => message.replace(/: ELOOP.*/, ': ELOOP')),
    [
      `Cannot read "/${debian}/c.prom": Cannot parse line 2 "c 2 1700000000000": expected no time stamp behind the value`,
      `Cannot read "/${debian}/d.prom": shared is of the gauge shared, and of the counter shared of /${debian}/a.prom`,
      `Cannot read "/${debian}/e.prom": Cannot take what it says: the name node_load1 is Remora's own`,
      `Cannot read "/${debian}/f.prom": ELOOP`,
      `Cannot read "/${debian}/g.prom": a is of the untyped a, and of the gauge a of /${debian}/a.prom`,
    ],
  )
  assert.deepEqual(
    [...bad.series.keys()].filter((key) => key.startsWith('node_textfile_mtime')),
    ['a', 'b'].map((name) => `node_textfile_mtime_seconds{file="/${debian}/${name}.prom"}`),
  )
  const old = contextOf({ folder, options: { max_age_seconds: 3600 } })
  assert.equal((await collectOnce(collector, old)).series.get('shared{f="b"}'), undefined)
  assert.match(old.skipped[0]?.message ?? '', /b\.prom": it was last written to \d+ s ago, more than 3600$/)
})
