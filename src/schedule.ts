/**
 * Runs tasks on node-cron expressions: six fields, seconds first, UTC.
 *
 * node-cron reads the expression, names the next slot and runs the task. The beat is ours, because node-cron's own
 * plans by the wall clock: set back an hour it stays silent for an hour, and set forward it walks every slot it
 * missed, 33 µs each, which is an hour of a busy core when a node without a battery clock learns what year it is.
 * So a beat at least once a second compares the wall clock with the monotonic one, and after a step asks for the
 * next slot anew: the next run comes within one interval, and what was stepped over is not made up for.
 */
import { createHash } from 'node:crypto'
import { createTask, parse, type ScheduledTask } from 'node-cron'
import { describe } from './errors.ts'
import type { Log } from './log.ts'

/** How far the wall clock may move against the monotonic one between two beats and not have stepped. */
const stepMilliseconds = 2000
const beatMilliseconds = 1000

export interface Scheduled {
  /** When the next run is due by the wall clock, milliseconds since the epoch. */
  readonly dueMilliseconds: number
  /** No further run begins; the one going on is not waited for. */
  stop(): void
}

export interface ScheduleOptions {
  /** For the log. */
  readonly name: string
  readonly log: Log
  /** How long after each slot the run begins: `jitterSeconds`. Default 0. */
  readonly jitterSeconds?: number
  /** Called instead of the task when the previous run is still going on. */
  readonly onOverlap?: () => void
}

/** Runs the task at every slot until stopped. What the task throws is logged and ends nothing. */
export function schedule(
  expression: string,
  task: () => Promise<void>,
  { name, log, jitterSeconds: jitter = 0, onOverlap }: ScheduleOptions,
): Scheduled {
  const cron = createTask(expression, task, { name, timezone: 'UTC', logger: toLog(name, log) })
  let running = false
  let timer: NodeJS.Timeout | undefined
  let due = nextSlot(cron) + jitter * 1000
  let offset = Date.now() - performance.now()

  const beat = () => {
    const last = offset
    offset = Date.now() - performance.now()
    if (Math.abs(offset - last) > stepMilliseconds) due = nextSlot(cron) + jitter * 1000
    else if (Date.now() >= due) {
      due = nextSlot(cron) + jitter * 1000
      if (running) onOverlap?.()
      else void run()
    }
    arm()
  }
  const run = async () => {
    running = true
    try {
      await cron.execute()
    } catch (error) {
      log.error(name, describe(error))
    } finally {
      running = false
    }
  }
  const arm = () => {
    timer = setTimeout(beat, Math.min(beatMilliseconds, Math.max(1, due - Date.now())))
  }
  arm()

  return {
    get dueMilliseconds() {
      return due
    },
    stop: () => {
      clearTimeout(timer)
      void cron.destroy()
    },
  }
}

/**
 * How long after its slots a task runs on this node, so that a fleet does not run it at once: always the same for
 * one node and name, evenly spread over a tenth of the shortest interval, at most 30 s.
 */
export function jitterSeconds(node: string, name: string, expression: string): number {
  const share = createHash('sha256').update(`${node}\0${name}`).digest().readUInt32BE() / 2 ** 32
  return share * Math.min(30, gapsSeconds(expression).shortest / 10)
}

/** The longest time between two slots of an expression, in seconds: what 2.5 × a schedule means. */
export function intervalSeconds(expression: string): number {
  return gapsSeconds(expression).longest
}

/** How many coming days that match are looked at: five years of a monthly expression. */
const daysAhead = 60
const daySeconds = 86_400

function gapsSeconds(expression: string): { shortest: number; longest: number } {
  const { second, minute, hour } = parse(expression)
  const slots = hour
    .flatMap((h) => minute.flatMap((m) => second.map((s) => h * 3600 + m * 60 + s)))
    .sort((a, b) => a - b)
  const within = { shortest: Number.POSITIVE_INFINITY, longest: 0 }
  for (const [index, slot] of slots.entries()) {
    const before = slots[index - 1]
    if (before === undefined) continue
    within.shortest = Math.min(within.shortest, slot - before)
    within.longest = Math.max(within.longest, slot - before)
  }
  const overnight = daySeconds - ((slots.at(-1) ?? 0) - (slots[0] ?? 0))
  const days = dayGaps(expression)
  return {
    shortest: Math.min(within.shortest, days.shortest - daySeconds + overnight),
    longest: Math.max(within.longest, days.longest - daySeconds + overnight),
  }
}

/** The shortest and longest time between days that match, in seconds. */
function dayGaps(expression: string): { shortest: number; longest: number } {
  const days = expression.split(' ').slice(3)
  if (days.every((field) => field === '*')) return { shortest: daySeconds, longest: daySeconds }
  const cron = createTask(`0 0 0 ${days.join(' ')}`, () => undefined, { timezone: 'UTC' })
  const starts = cron.getNextRuns(daysAhead).map((day) => day.getTime() / 1000)
  void cron.destroy()
  const gaps = starts.slice(1).map((day, index) => day - (starts[index] ?? day))
  return { shortest: Math.min(...gaps), longest: Math.max(...gaps) }
}

function nextSlot(cron: ScheduledTask): number {
  const [slot] = cron.getNextRuns(1)
  if (slot === undefined) throw new Error(`Cannot schedule "${cron.getPattern()}": no next slot`)
  return slot.getTime()
}

/** node-cron would print to stdout by itself. */
function toLog(name: string, log: Log) {
  return {
    info: (message: string) => log.debug(name, message),
    warn: (message: string) => log.warn(name, message),
    error: (message: string | Error) => log.error(name, describe(message)),
    debug: (message: string | Error) => log.debug(name, describe(message)),
  }
}
