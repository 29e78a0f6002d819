/** A machine with every kind of hardware that can be had without it: stand-in tools and trees of our own fixtures. */
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { answersOf, madeController } from '../collectors/raid/megaraid/answers.ts'
import { hostWith } from '../collectors/raid/megaraid/host.ts'
import { drives, fixture, fixtures, four } from '../collectors/smartctl/drives.ts'

export interface Hardware {
  /** For the configuration. */
  readonly paths: {
    readonly root: string
    readonly sys: string
    readonly proc: string
    readonly tools: string[]
  }
}

/** A drive that is rebuilt, one about to fail and one failing, a degraded array, NVMe, InfiniBand, FC, SAS, md and memory. */
export async function hardware(t: TestContext): Promise<Hardware> {
  const well = madeController(0, 9)
  const made = {
    ...well,
    rebuilt: 42,
    volumes: [{ number: 0, group: 0, state: 'Dgrd' }],
    drives: well.drives.map((one) => (one.slot === 3 ? { ...one, state: 'Rbld' } : one)),
  }
  const { cALL_show_patrolread: patrol = '', ...answers } = answersOf([made])
  const raid = await hostWith(t, {
    ...answers,
    cALL_show_patrolread: patrol.replace('Stopped', 'Active 12%'),
  })
  const smart = await drives(t, {
    ...four,
    '.dev.sda': { file: fixture('ata-hdd-failing.json'), exit: 8 },
    version: { text: 'nvme version 2.3 (git 2.3)\nlibnvme version 1.3 (git 1.3)\n' },
    list: { file: join(fixtures, 'nvme/nvme-cli-2.3/list.json') },
    '.dev.nvme0n1': { file: join(fixtures, 'nvme/nvme-cli-2.3/smart-log.json') },
    '.dev.nvme1n1': { file: join(fixtures, 'nvme/nvme-cli-2.3/smart-log.json') },
  })
  const sys = join(raid.folder, 'sys')
  const proc = join(raid.folder, 'proc')
  for (const tree of [
    'infiniband/linux-6.12',
    'fibrechannel/linux-6.1',
    'sas/linux-6.1',
    'md/linux-6.1',
    'edac/linux-6.1',
  ])
    await cp(join(fixtures, tree, 'sys'), sys, { recursive: true, verbatimSymlinks: true })
  await cp(join(fixtures, 'md/linux-6.1/proc'), proc, { recursive: true })
  const nvme = join(sys, 'class/nvme/nvme0')
  await mkdir(nvme, { recursive: true })
  for (const [name, text] of Object.entries({
    model: 'EX NVMe',
    serial: 'NVM0D04',
    firmware_rev: 'E10',
    state: 'live',
  }))
    await writeFile(join(nvme, name), `${text}\n`)
  return { paths: { root: raid.root, sys, proc, tools: [join(smart.folder, 'bin')] } }
}
