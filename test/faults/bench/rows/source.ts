/** Faults of the journal under its reader. */
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Row, scaled } from '../row.ts'
import type { World } from '../world.ts'

/** A journald that starts may write what the one before it wrote into /run again into /var. */
const copies = ['filtered copy']

/** Runs it while nothing is written to the journal, and what was written is in it. */
async function whileQuiet<T>(world: World, work: () => Promise<T>): Promise<T> {
  const goOn = await world.writers.journald.hold()
  try {
    await world.journald.journalctl('--sync')
    return await work()
  } finally {
    goOn()
  }
}

/** Runs it while the agent is away, which has by then missed what was written for a while. */
async function whileAway(world: World, work: () => Promise<unknown>): Promise<void> {
  await world.agent.kill()
  await wait(700)
  await whileQuiet(world, async () => {
    await world.journald.journalctl('--rotate')
    await work()
  })
  world.agent.start()
  await world.agent.ready()
}

/** The rotated files, oldest first. */
async function archived({ journald }: World): Promise<string[]> {
  const folder = join(journald.root, 'var/log/journal')
  const files = await readdir(folder, { recursive: true })
  const rotated = files.filter((file) => /@.*\.journal$/.test(file)).map((file) => join(folder, file))
  const ages = await Promise.all(rotated.map(async (file) => [(await stat(file)).mtimeMs, file] as const))
  return ages.sort(([a], [b]) => a - b).map(([, file]) => file)
}

const rotated: Row = {
  name: 'journal rotated',
  on: 'source',
  async inject({ journald, random }) {
    await journald.journalctl('--rotate')
    await wait(random() * 500)
    return 'rotated'
  },
}

const vacuumed: Row = {
  name: 'journal vacuumed',
  on: 'agent',
  allows: ['missed vacuumed'],
  async inject(world) {
    await whileAway(world, () => world.journald.journalctl('--vacuum-files=1'))
    return 'all rotated files are gone'
  },
}

const corrupted: Row = {
  name: 'journal corrupted',
  on: 'agent',
  allows: ['missed corrupted'],
  async inject(world) {
    await whileAway(world, async () => {
      const file = (await archived(world)).at(-1)
      if (file === undefined) return
      const bytes = await readFile(file)
      // Behind the header, and only where something is written: most of a young file is not.
      for (let flips = 0; flips < 20; ) {
        const at = 272 + Math.floor(world.random() * (bytes.length - 272))
        if (bytes[at] === 0) continue
        bytes[at] = Math.floor(world.random() * 256)
        flips += 1
      }
      await writeFile(file, bytes)
    })
    return '20 bytes of a rotated file'
  },
}

const cut: Row = {
  name: 'journal truncated',
  on: 'agent',
  allows: ['missed corrupted', 'missed truncated'],
  async inject(world) {
    await whileAway(world, async () => {
      const file = (await archived(world)).at(-1)
      if (file !== undefined) await truncate(file, 4096 + Math.floor(world.random() * 200_000))
    })
    return 'the end of a rotated file is gone'
  },
}

const restarted: Row = {
  name: 'journald restarted',
  on: 'source',
  allows: copies,
  async inject(world) {
    await whileQuiet(world, async () => {
      await world.journald.stop()
      await world.journald.start()
    })
    return 'restarted'
  },
}

const stopped: Row = {
  name: 'journald stopped',
  on: 'source',
  allows: copies,
  async inject(world) {
    await whileQuiet(world, async () => {
      await world.journald.stop()
      await wait(scaled(world, 20))
      await world.journald.start()
    })
    return 'stopped for a while'
  },
}

const rebooted: Row = {
  name: 'boot change',
  on: 'source',
  allows: copies,
  async inject(world) {
    const bootId = Array.from({ length: 32 }, () => Math.floor(world.random() * 16).toString(16)).join('')
    await whileQuiet(world, () => world.journald.reboot(bootId))
    return bootId
  },
}

export const sourceRows: readonly Row[] = [rotated, vacuumed, corrupted, cut, restarted, stopped, rebooted]
