/** A node with everything in it: every fixture of the kernel's trees laid over each other, and stand-ins for the tools. */
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { answersOf, madeController } from '../collectors/raid/megaraid/answers.ts'
import { hostWith } from '../collectors/raid/megaraid/host.ts'
import { machineWith } from '../collectors/raid/replay.ts'
import { drives, four } from '../collectors/smartctl/drives.ts'
import { workFolder } from './agent.ts'

const fixtures = join(import.meta.dirname, '../fixtures')

const trees = [
  'zram/linux-6.18',
  'host/linux-6.18',
  'md/linux-6.1',
  'sas/linux-6.1',
  'fibrechannel/linux-6.1',
  'infiniband/linux-6.12',
  'edac/linux-6.1',
]

const controller: Readonly<Record<string, string>> = {
  model: 'EX NVMe 3840',
  serial: 'NVM0D04',
  firmware_rev: 'E10',
  state: 'live',
  cntlid: '1',
  'nvme0n1/size': '7501476528',
  'nvme0n1/nuse': '468842283',
  'nvme0n1/queue/logical_block_size': '4096',
}

/** @returns the section `paths` of a configuration */
export async function fullNode(t: TestContext) {
  const folder = await workFolder(t)
  for (const tree of trees)
    await cp(join(fixtures, tree), folder, { recursive: true, verbatimSymlinks: true })
  for (const [path, text] of Object.entries(controller)) {
    const file = join(folder, 'sys/class/nvme/nvme0', path)
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(file, `${text}\n`)
  }
  const { root } = await hostWith(t, answersOf([madeController(0, 9)]))
  const cards = await machineWith(t, {
    arcconf: 'arcconf-3.07-smartraid-3154',
    ssacli: 'ssacli-5.10-p408i-p440ar',
    tw_cli: 'tw_cli-9.5-9650se',
    sas3ircu: 'sas3ircu-16-9300-8i',
  })
  const cli = (name: string) => ({ file: join(fixtures, 'nvme/nvme-cli-2.3', name) })
  const tools = await drives(t, {
    ...four,
    version: { text: 'nvme version 2.3 (git 2.3)\n' },
    list: cli('list.json'),
    '.dev.nvme0n1': cli('smart-log.json'),
    '.dev.nvme1n1': cli('smart-log.json'),
  })
  const [sys = '', proc = ''] = ['sys', 'proc'].map((part) => join(folder, part))
  return { sys, proc, root, tools: [cards, tools].map(({ path }) => path.split(':')[0] ?? '') }
}
