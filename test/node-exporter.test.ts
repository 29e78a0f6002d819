/**
 * The real node_exporter on the same trees, family by family: what it emits we emit, or docs/node-exporter-differences.md
 * says why not. File systems are compared beside real mounts, in test/collectors/root/root.test.ts.
 */
import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { edac } from '../collectors/edac/edac.ts'
import { fibrechannel } from '../collectors/fibrechannel/fibrechannel.ts'
import { infiniband } from '../collectors/infiniband/infiniband.ts'
import { md } from '../collectors/md/md.ts'
import type { Collector } from '../src/model.ts'
import { capturesIn } from './captures.ts'
import { collectOnce, contextOf } from './collectors/context.ts'
import { nodeExporter } from './node-exporter.ts'
import { type Difference, listedDifferences, newerNames } from './node-exporter-differences.ts'

interface Family {
  readonly collector: Collector
  /** Its name in node_exporter. */
  readonly theirs: string
  readonly prefix: string
  /** The folder of its captures, and where one belongs in a tree. */
  readonly captures: string
  at(name: string): string
  /** How many series it emits of our own fixtures: a comparison of nothing passes. */
  readonly compared: number
}

const families: readonly Family[] = [
  {
    collector: md,
    theirs: 'mdadm',
    prefix: 'node_md_',
    captures: 'mdraid/mdstat',
    at: () => 'proc/mdstat',
    compared: 121,
  },
  {
    collector: fibrechannel,
    theirs: 'fibrechannel',
    prefix: 'node_fibrechannel_',
    captures: 'fc/sysfs',
    at: (name) => `sys/class/fc_host/${name.replace('procfs-', '')}`,
    compared: 29,
  },
  {
    collector: infiniband,
    theirs: 'infiniband',
    prefix: 'node_infiniband_',
    captures: 'infiniband/sysfs',
    at: (name) => `sys/class/infiniband/${name.replace(/^.*-/, '')}`,
    compared: 115,
  },
  {
    collector: edac,
    theirs: 'edac',
    prefix: 'node_edac_',
    captures: 'edac/sysfs',
    at: () => 'sys/devices/system/edac/mc',
    compared: 14,
  },
]

/** A folder with `sys` and `proc`, both of which node_exporter wants, and in it what `put` copies. */
async function inTree<T>(put: (folder: string) => Promise<void>, work: (folder: string) => Promise<T>) {
  const folder = await mkdtemp(join(tmpdir(), 'remora-node-exporter-'))
  try {
    for (const name of ['sys', 'proc']) await mkdir(join(folder, name))
    await put(folder)
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface Comparison {
  readonly theirs: ReadonlySet<string>
  readonly ours: ReadonlySet<string>
  readonly differences: readonly Difference[]
}

async function compare({ collector, theirs: name, prefix }: Family, tree: string, folder: string) {
  const { series: theirs } = await nodeExporter([name], { folder })
  const { series: ours } = await collectOnce(collector, contextOf({ folder }))
  const keys = (all: ReadonlyMap<string, number>) => [...all.keys()].filter((key) => key.startsWith(prefix))
  const success = theirs.get(`node_scrape_collector_success{collector="${name}"}`)
  const differ = keys(theirs).filter((key) => theirs.get(key) !== ours.get(key))
  const differences = differ.map((key) => ({
    series: key,
    tree,
    theirs: String(theirs.get(key)),
    ours: String(ours.get(key) ?? 'none'),
  }))
  const failure = { series: `${prefix}*`, tree, theirs: 'fails', ours: `${keys(ours).length} series` }
  return {
    theirs: new Set(keys(theirs)),
    ours: new Set(keys(ours)),
    differences: success === 1 ? differences : [failure],
  }
}

const sorted = (rows: readonly Difference[]) => rows.map((row) => JSON.stringify(row)).sort()
const namesOf = (keys: Iterable<string>) => new Set([...keys].map((key) => key.replace(/\{.*/, '')))

for (const family of families) {
  const { collector, prefix } = family
  const listed = async (origin: string) =>
    sorted(
      (await listedDifferences()).filter(
        ({ series, tree }) => series.startsWith(prefix) && tree.startsWith(origin),
      ),
    )

  test(`${collector.name} emits what node_exporter emits of our fixtures, or the page says why not`, async (t) => {
    const base = join(import.meta.dirname, 'fixtures', collector.name)
    const all: Comparison[] = []
    for (const name of await readdir(base))
      all.push(
        await inTree(
          (folder) => cp(join(base, name), folder, { recursive: true, verbatimSymlinks: true }),
          (folder) => compare(family, `fixtures/${collector.name}/${name}`, folder),
        ),
      )
    assert.deepEqual(sorted(all.flatMap(({ differences }) => differences)), await listed('fixtures/'))
    const compared = all.reduce((sum, { theirs }) => sum + theirs.size, 0)
    assert.equal(compared, family.compared)
    const known = namesOf(all.flatMap(({ theirs }) => [...theirs]))
    const more = [...namesOf(all.flatMap(({ ours }) => [...ours]))].filter((name) => !known.has(name))
    assert.deepEqual(more.sort(), (await newerNames(prefix)).sort(), 'names that only Remora has')
    t.diagnostic(`${compared} series of ${all.length} trees compared, ${more.length} names only ours`)
  })

  test(`${collector.name} emits what node_exporter emits of the captures, or the page says why not`, async (t) => {
    const captures = capturesIn(family.captures)
    if (captures.length === 0) return t.diagnostic(`no captures here: 0 of ${family.captures} compared`)
    const all: Comparison[] = []
    for (const { name, path } of captures)
      all.push(
        await inTree(
          (folder) => cp(path, join(folder, family.at(name)), { recursive: true }),
          (folder) => compare(family, `captures/${family.captures}/${name}`, folder),
        ),
      )
    assert.deepEqual(sorted(all.flatMap(({ differences }) => differences)), await listed('captures/'))
    const compared = all.reduce((sum, { theirs }) => sum + theirs.size, 0)
    assert.ok(compared > 0)
    t.diagnostic(`${compared} series of ${all.length} captures compared`)
  })
}
