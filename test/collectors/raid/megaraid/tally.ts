/** What a reading holds at a glance, to be compared with what the eye counts in the tool's output. */
import type { Card } from '../../../../collectors/raid/megaraid/card.ts'

export interface Tally {
  /** `0 Optimal`. */
  readonly controllers: readonly string[]
  /** Places by state: `{ optimal: ['0:239'] }`. */
  readonly arrays: Readonly<Record<string, readonly string[]>>
  /** How many by state. */
  readonly drives: Readonly<Record<string, number>>
  readonly batteries: readonly string[]
  /** Of controllers, drives and batteries, in order. */
  readonly celsius: readonly number[]
  /** Sums over the drives; absent where no drive says. */
  readonly errors?: { readonly media: number; readonly other: number; readonly predictive: number }
}

export function tallyOf(cards: readonly Card[]): Tally {
  const disks = cards.flatMap((card) => card.disks.map(({ part }) => part))
  const batteries = cards.flatMap((card) => card.batteries)
  const sum = (numbers: readonly (number | undefined)[]) =>
    numbers.reduce<number>((total, one) => total + (one ?? 0), 0)
  const arrays: Record<string, string[]> = {}
  for (const { part } of cards.flatMap((card) => card.volumes)) {
    const list = arrays[part.status.state] ?? []
    arrays[part.status.state] = [...list, `${part.controller}:${part.array} ${part.level ?? ''}`.trim()]
  }
  const drives: Record<string, number> = {}
  for (const { status } of disks) drives[status.state] = (drives[status.state] ?? 0) + 1
  const counted = disks.filter((disk) => disk.mediaErrors !== undefined)
  return {
    controllers: cards.map(({ part }) => `${part.controller} ${part.status.state}`),
    arrays,
    drives,
    batteries: batteries.map((one) => `${one.technology} ${one.status.state}`),
    celsius: [
      ...cards.flatMap(({ part }) => Object.values(part.celsius ?? {})),
      ...[...disks, ...batteries].flatMap(({ celsius }) => (celsius === undefined ? [] : [celsius])),
    ],
    ...(counted.length > 0 && {
      errors: {
        media: sum(disks.map((disk) => disk.mediaErrors)),
        other: sum(disks.map((disk) => disk.otherErrors)),
        predictive: sum(disks.map((disk) => disk.predictiveFailures)),
      },
    }),
  }
}
