/** Faults of the spool and of the disk it is on. */
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { spoolFile } from '../../../../src/spool/database-file.ts'
import { type Row, scaled } from '../row.ts'
import type { World } from '../world.ts'

const file = (world: World) => join(world.spool.path, spoolFile)

const full: Row = {
  name: 'spool ENOSPC',
  on: 'spool',
  async inject(world) {
    const filler = join(world.spool.mount.path, 'filler')
    try {
      writeFileSync(filler, Buffer.alloc(32 << 20))
    } catch {
      // Full is what was wanted.
    }
    await wait(scaled(world, 20))
    rmSync(filler)
    return 'full for a while'
  },
}

/** A write beyond the limit fails with EFBIG, which SQLite calls an I/O error. */
const unwritable: Row = {
  name: 'spool EIO',
  on: 'spool',
  async inject(world) {
    const limit = (bytes: string) =>
      execFileSync('prlimit', ['--pid', String(world.agent.pid), `--fsize=${bytes}:`])
    limit('16384')
    await wait(scaled(world, 20))
    limit('unlimited')
    return 'no write succeeded for a while'
  },
}

/** As ext4 does itself when its device fails: nothing can be written until it is mounted anew. */
const readOnly: Row = {
  name: 'spool read-only',
  on: 'agent',
  async inject(world) {
    world.spool.mount.remount('abort')
    await wait(scaled(world, 20))
    await world.agent.kill()
    const isMet = world.random() < 0.5
    if (isMet) {
      world.agent.start()
      await world.agent.ready()
      await wait(scaled(world, 20))
      await world.agent.kill()
    }
    world.spool.mount.again()
    world.agent.start()
    await world.agent.ready()
    return `read-only for a while, ${isMet ? 'also when the agent starts, ' : ''}then mounted anew`
  },
}

/** Does something to the files of a spool whose agent was killed. */
async function damaged(world: World, damage: (path: string) => void): Promise<void> {
  await world.agent.kill()
  world.ledgerReplaced = true
  damage(file(world))
  world.agent.start()
  await world.agent.ready()
  // What was set aside has been read; the small disk has no room for many.
  for (const name of readdirSync(world.spool.path))
    if (name.startsWith('damaged-')) rmSync(join(world.spool.path, name))
}

/** A new ledger reads the kernel ring, whose beginning is gone, from its beginning. */
const damages = ['missed spool_damaged', 'lost spool_damaged', 'missed overrun']

const torn: Row = {
  name: 'spool torn',
  on: 'agent',
  allows: damages,
  async inject(world) {
    await damaged(world, (path) => truncateSync(path, Math.floor(statSync(path).size * world.random())))
    return 'its end is gone'
  },
}

const flipped: Row = {
  name: 'spool flipped bits',
  on: 'agent',
  allows: damages,
  async inject(world) {
    await damaged(world, (path) => {
      const { size } = statSync(path)
      const handle = openSync(path, 'r+')
      for (let flip = 0; flip < 5; flip++) {
        const at = Math.floor(world.random() * size)
        const byte = Buffer.alloc(1)
        readSync(handle, byte, 0, 1, at)
        byte[0] = (byte[0] ?? 0) ^ (1 << Math.floor(world.random() * 8))
        writeSync(handle, byte, 0, 1, at)
      }
      closeSync(handle)
    })
    return '5 bits'
  },
}

const deleted: Row = {
  name: 'spool deleted under it',
  on: 'spool',
  async inject(world) {
    for (const name of readdirSync(world.spool.path))
      if (name.startsWith(spoolFile)) rmSync(join(world.spool.path, name))
    await wait(1500)
    return 'its files are unlinked'
  },
}

const newer: Row = {
  name: 'spool from a newer version',
  on: 'agent',
  allows: damages,
  async inject(world) {
    await damaged(world, (path) => {
      // user_version, in the header of the database (https://sqlite.org/fileformat.html, section 1.3).
      for (const part of [`${path}-wal`, `${path}-shm`]) rmSync(part, { force: true })
      const handle = openSync(path, 'r+')
      writeSync(handle, Buffer.from([0, 0, 0, 99]), 0, 4, 60)
      closeSync(handle)
    })
    return 'set aside'
  },
}

export const spoolRows: readonly Row[] = [full, unwritable, readOnly, torn, flipped, deleted, newer]
