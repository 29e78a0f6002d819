/**
 * What the page is shown with: the bundle on this machine's own /proc and zram, a real device of 256 MiB that is allowed
 * 64 MiB, a RAID controller by a stand-in storcli64, InfiniBand ports of the fixture, a log file, a sink that can be
 * away. Needs root.
 */
import { randomBytes } from 'node:crypto'
import { appendFile, cp, mkdir, open, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { answersOf, type MadeController, madeController } from '../collectors/raid/megaraid/answers.ts'
import { hostWith } from '../collectors/raid/megaraid/host.ts'
import { type RealZram, realZram } from '../collectors/zram/device.ts'
import { eventually, workFolder } from './agent.ts'

const infiniband = join(import.meta.dirname, '../fixtures/infiniband/linux-6.12/sys')
const mib = 1 << 20
const pageBytes = 4096
const off = ['journald', 'kmsg', 'pstore', 'inventory', 'smartctl', 'nvme', 'nvmecli']

export interface Scene extends AsyncDisposable {
  readonly folder: string
  readonly config: unknown
  readonly zram: RealZram
  /** Writes so much to the device. @param noise the share of each page that cannot be compressed; default all */
  fill(mebibytes: number, noise?: number): Promise<void>
  /** Whether the receiver of samples takes them. */
  receive(answers: 'yes' | 'no'): void
  /** The drive in slot 3 and its array, in storcli's words. */
  drive(state: 'Onln' | 'Offln' | 'Rbld', array: 'Optl' | 'Dgrd'): Promise<void>
  /** Lines of the log file. */
  write(...lines: readonly string[]): Promise<void>
}

export async function scene(t: TestContext): Promise<Scene> {
  await using undo = new AsyncDisposableStack()
  const zram = undo.use(await realZram('256M'))
  await zram.set('mem_limit', '64M')
  const folder = await workFolder(t)
  const log = join(folder, 'app.log')
  await writeFile(log, '')

  const sys = join(folder, 'sys')
  await mkdir(join(sys, 'class'), { recursive: true })
  await symlink('/sys/block', join(sys, 'block'))
  await symlink('/sys/fs', join(sys, 'fs'))
  await cp(join(infiniband, 'devices'), join(sys, 'devices'), { recursive: true, verbatimSymlinks: true })
  for (const device of ['mlx5_0', 'mlx5_1']) {
    const path = join('class/infiniband', device)
    await cp(join(infiniband, path), join(sys, path), { recursive: true, verbatimSymlinks: true })
  }

  const healthy = madeController(0, 9)
  const host = await hostWith(t, answersOf([healthy]))

  let takes = true
  const receiver = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(takes ? 204 : 503).end(takes ? undefined : 'the receiver is away')
    })
  }).listen(0, '127.0.0.1')
  undo.defer(async () => {
    receiver.closeAllConnections()
    receiver.close()
  })
  await eventually('the receiver listens', () => receiver.listening)
  const address = receiver.address()
  const port = typeof address === 'object' ? address?.port : 0

  let files = 0
  const all = undo.move()
  return {
    folder,
    zram,
    config: {
      node: { name: 'oss-12.cluster.example' },
      paths: { sys, tools: [join(host.root, 'opt/MegaRAID/storcli')] },
      push: { schedule: '* * * * * *' },
      spool: { path: join(folder, 'spool') },
      sinks: {
        metrics: {
          type: 'prometheus',
          url: `http://127.0.0.1:${port}/api/v1/write`,
          off_node: true,
          retry: { first_seconds: 0.2, most_seconds: 1 },
        },
        archive: { type: 'file', path: join(folder, 'out'), off_node: true },
      },
      collectors: {
        raid: { schedule: '* * * * * *' },
        files: { options: { presets: [], logs: [{ include: [log] }] } },
        ...Object.fromEntries(off.map((name) => [name, { enabled: false }])),
      },
    },
    async fill(mebibytes, noise = 1) {
      await using file = await open(join(zram.mountPoint, `noise-${files++}`), 'w')
      for (let i = 0; i < mebibytes; i++) {
        const bytes = randomBytes(mib)
        for (let page = 0; page < mib; page += pageBytes)
          bytes.fill(0, page + Math.round(pageBytes * noise), page + pageBytes)
        await file.write(bytes)
      }
      await file.sync()
    },
    receive(answers) {
      takes = answers === 'yes'
    },
    async drive(state, array) {
      const now: MadeController = {
        ...healthy,
        rebuilt: 42,
        drives: healthy.drives.map((one) => (one.slot === 3 ? { ...one, state } : one)),
        volumes: [{ number: 0, group: 0, state: array }],
      }
      await host.answer(answersOf([now]))
    },
    write: (...lines) => appendFile(log, lines.map((line) => `${line}\n`).join('')),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
