/** Faults of a receiver or of the way to it. */
import { setTimeout as wait } from 'node:timers/promises'
import { pick, type Row, scaled } from '../row.ts'
import type { World } from '../world.ts'

const any = ['loki', 'journal', 'metrics'] as const
const events = ['loki', 'journal'] as const

/** Behaves so for a while, then well. */
function behaving(
  world: World,
  seconds: number,
  names: readonly ('loki' | 'journal' | 'metrics')[],
  behaviour: Parameters<World['loki']['behave']>[0],
): Promise<string> {
  const name = pick(world, names)
  return during(world, name, seconds, behaviour)
}

async function during(
  world: World,
  name: 'loki' | 'journal' | 'metrics',
  seconds: number,
  behaviour: Parameters<World['loki']['behave']>[0],
): Promise<string> {
  world[name].behave(behaviour)
  await wait(scaled(world, seconds))
  world[name].behave({ is: 'well' })
  return name
}

const down: Row = {
  name: 'sink down',
  on: 'sink',
  async inject(world) {
    const name = pick(world, any)
    await world[name].down()
    await wait(scaled(world, 60))
    await world[name].up()
    return name
  },
}

const flapping: Row = {
  name: 'sink flapping every 3 s',
  on: 'sink',
  async inject(world) {
    const name = pick(world, any)
    for (let turn = 0; turn < 4; turn++) {
      await world[name].down()
      await wait(scaled(world, 3))
      await world[name].up()
      await wait(scaled(world, 3))
    }
    return name
  },
}

const slow: Row = {
  name: 'slow sink',
  on: 'sink',
  inject: (world) =>
    behaving(world, 15, any, { is: 'slow', milliseconds: 200 + Math.floor(world.random() * 1000) }),
}

const halfOpen: Row = {
  name: 'half-open TCP',
  on: 'sink',
  inject: (world) => behaving(world, 20, any, { is: 'half-open' }),
}

const reset: Row = {
  name: 'reset in mid-body',
  on: 'sink',
  inject: (world) => behaving(world, 10, any, { is: 'reset' }),
}

const unanswered: Row = {
  name: 'answer lost',
  on: 'sink',
  inject: (world) => behaving(world, 5, any, { is: 'unanswered' }),
}

/** A line in about 300, always the same ones; they are replayed once the receiver is mended. */
const poison: Row = {
  name: '400 poison',
  on: 'sink',
  inject: (world) =>
    behaving(world, 10, ['journal'], { is: 'poison', refuses: (text) => /^bench .* \d*77 /.test(text) }),
}

const partly: Row = {
  name: '400 partly stored (Loki)',
  on: 'sink',
  inject: (world) =>
    behaving(world, 10, ['loki'], { is: 'poison', refuses: (text) => /^bench .* \d*33 /.test(text) }),
}

const retryAfter: Row = {
  name: '429 with both Retry-After forms',
  on: 'sink',
  async inject(world) {
    const name = pick(world, any)
    const inSeconds = () => ({ 'retry-after': '1' })
    const asDate = () => ({ 'retry-after': new Date(Date.now() + 2000).toUTCString() })
    for (const headers of [inSeconds, asDate])
      await during(world, name, 5, { is: 'answers', status: 429, headers })
    return name
  },
}

const errors: Row = {
  name: '5xx bursts',
  on: 'sink',
  async inject(world) {
    const name = pick(world, any)
    for (const status of [500, 502, 503, 504]) {
      await during(world, name, 2, { is: 'answers', status })
      await wait(scaled(world, 1))
    }
    return name
  },
}

/** What it took within the settle time is gone with its restart. */
const forgets: Row = {
  name: 'sink acknowledges, then loses its last seconds',
  on: 'sink',
  world: { settles: true },
  async inject(world) {
    const name = pick(world, events)
    await wait(500 + world.random() * 2000)
    await world[name].down()
    const forgotten = world[name].taken.forget(1200)
    await wait(200 + world.random() * 800)
    await world[name].up()
    return `${name} forgot ${forgotten}`
  },
}

export const sinkRows: readonly Row[] = [
  down,
  flapping,
  slow,
  halfOpen,
  reset,
  unanswered,
  poison,
  partly,
  retryAfter,
  errors,
  forgets,
]
