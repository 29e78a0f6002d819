/** What a reading holds at a glance, to be compared with what the eye counts in a tool's output. */
import type { Card } from '../../../collectors/raid/megaraid/card.ts'
import { arrayStates, driveStates, type RaidPart } from '../../../collectors/raid/report.ts'

export interface Tally {
  /** `0 optimal`. */
  readonly controllers: readonly string[]
  /** Where they are and what they are, by state: `{ optimal: ['0:u0 raid5'] }`. */
  readonly arrays: Readonly<Record<string, readonly string[]>>
  /** How many by state. */
  readonly drives: Readonly<Record<string, number>>
  readonly batteries: readonly string[]
  /** Of controllers, drives and batteries, in order. */
  readonly celsius: readonly number[]
  /** How many parts are told in a word that the table does not have. */
  readonly unknown: number
  /** Sums over the drives; absent where no drive says. */
  readonly errors?: { readonly media: number; readonly other: number; readonly predictive: number }
}

export const nothing: Tally = {
  controllers: [],
  arrays: {},
  drives: {},
  batteries: [],
  celsius: [],
  unknown: 0,
}

export function tallyOf(parts: readonly RaidPart[]): Tally {
  const arrays = parts.filter((part) => part.kind === 'array')
  const drives = parts.filter((part) => part.kind === 'drive')
  return {
    controllers: parts.flatMap((part) =>
      part.kind === 'controller' ? [`${part.controller} ${part.status.state}`] : [],
    ),
    arrays: byState(arrayStates, (state) =>
      arrays
        .filter(({ status }) => status.state === state)
        .map(({ controller, array, level }) => `${controller}:${array} ${level ?? ''}`.trim()),
    ),
    drives: Object.fromEntries(
      driveStates
        .map((state) => [state, drives.filter(({ status }) => status.state === state).length] as const)
        .filter(([, count]) => count > 0),
    ),
    batteries: parts.flatMap((part) => (part.kind === 'battery' ? [part.status.state] : [])),
    celsius: parts.flatMap(celsiusOf),
    unknown: parts.filter(({ status }) => !status.known).length,
  }
}

/** Of cards also what their drives counted, and of which technology their batteries are. */
export function tallyOfCards(cards: readonly Card[]): Tally {
  const disks = cards.flatMap((card) => card.disks.map(({ part }) => part))
  const batteries = cards.flatMap((card) => card.batteries)
  const arrays = cards.flatMap((card) => card.volumes.map(({ part }) => part))
  const sum = (numbers: readonly (number | undefined)[]) =>
    numbers.reduce<number>((total, one) => total + (one ?? 0), 0)
  return {
    ...tallyOf([...cards.map(({ part }) => part), ...arrays, ...disks, ...batteries]),
    batteries: batteries.map((one) => `${one.technology} ${one.status.state}`),
    ...(disks.some((disk) => disk.mediaErrors !== undefined) && {
      errors: {
        media: sum(disks.map((disk) => disk.mediaErrors)),
        other: sum(disks.map((disk) => disk.otherErrors)),
        predictive: sum(disks.map((disk) => disk.predictiveFailures)),
      },
    }),
  }
}

function byState(states: readonly string[], list: (state: string) => string[]): Record<string, string[]> {
  return Object.fromEntries(
    states.map((state) => [state, list(state)] as const).filter(([, all]) => all.length > 0),
  )
}

function celsiusOf(part: RaidPart): number[] {
  if (part.kind === 'array') return []
  if (part.kind === 'controller') return Object.values(part.celsius ?? {})
  return part.celsius === undefined ? [] : [part.celsius]
}
