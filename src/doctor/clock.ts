/**
 * The node's clock, and whether a time service keeps it right. Nothing is started for it: timedatectl would start
 * systemd-timedated.
 * @see systemd-timesyncd.service(8), chronyc(1) "tracking", adjtimex(2)
 */
import type { Surroundings } from '../collect.ts'
import { ParseError } from '../errors.ts'
import type { Tree } from '../tree.ts'
import { type Finding, ok, problem, unknown, warning } from './finding.ts'

/** What was released before this cannot run later than it says. */
const builtMilliseconds = Date.UTC(2026, 0, 1)

export function checkClock(nowMilliseconds: number): Finding {
  const now = new Date(nowMilliseconds).toISOString()
  return nowMilliseconds < builtMilliseconds
    ? problem('clock', `it says ${now}`, 'set the clock: receivers refuse records of that time')
    : ok('clock', `it says ${now}`)
}

/** As /proc/<pid>/comm has them, at most 15 characters. */
const services = ['systemd-timesyn', 'chronyd', 'ntpd', 'ntp-daemon', 'ptp4l', 'phc2sys']

type Node = Pick<Surroundings, 'host' | 'proc' | 'run'>

export async function checkTimeService({ host, proc, run }: Node): Promise<Finding> {
  const check = 'time service'
  const service = await running(proc)
  const isSynchronised =
    service === 'systemd-timesyn'
      ? await host.exists('run/systemd/timesync/synchronized')
      : ((service === 'chronyd' ? await askChrony(run) : undefined) ?? (await askKernel(run)))
  const who = service === undefined ? `none of ${services.join(', ')} runs` : `${service} runs`
  if (isSynchronised === undefined)
    return unknown(check, `${who}; whether the clock is synchronised is unknown`)
  return isSynchronised
    ? ok(check, `${who}, and the clock is synchronised`)
    : warning(
        check,
        `${who}, and the clock is not synchronised`,
        'see to its time servers: records carry this clock',
      )
}

async function running(proc: Tree): Promise<string | undefined> {
  const names = new Set<string | undefined>()
  for (const pid of await proc.list(''))
    if (/^\d+$/.test(pid)) names.add(await proc.line(`${pid}/comm`).catch(() => undefined))
  return services.find((service) => names.has(service))
}

/** @returns undefined when it does not say */
async function askChrony(run: Surroundings['run']): Promise<boolean | undefined> {
  const answer = await text(run, 'chronyc', ['-n', '-c', 'tracking'])
  try {
    return answer === undefined ? undefined : parseTracking(answer)
  } catch (error) {
    if (error instanceof ParseError) return undefined
    throw error
  }
}

/**
 * Parses the line of `chronyc -n -c tracking`: 14 values, the first the reference's id, the last the leap status.
 * @returns whether the clock follows another one than its own
 * @throws {ParseError} if it has not 14 values
 */
export function parseTracking(line: string): boolean {
  const words = line.trim().split(',')
  if (words.length !== 14) throw new ParseError(`Cannot parse chronyc tracking "${line}": expected 14 values`)
  const isLocal = words[0] === '7F7F0101'
  return !isLocal && words[13] !== 'Not synchronised'
}

/** STA_UNSYNC of the kernel's status, which whoever disciplines the clock clears. */
const unsynchronised = 0x40

/** Through adjtimex(8) where it is there, or that of busybox: both only print. */
async function askKernel(run: Surroundings['run']): Promise<boolean | undefined> {
  const printed = (await text(run, 'adjtimex', ['--print'])) ?? (await text(run, 'busybox', ['adjtimex']))
  const status = /^\s*status:\s+(\d+)/m.exec(printed ?? '')?.[1]
  return status === undefined ? undefined : (Number(status) & unsynchronised) === 0
}

/** @returns what a tool prints; undefined: it is not here, or cannot say */
async function text(run: Surroundings['run'], program: string, args: string[]): Promise<string | undefined> {
  const result = await run({ program, args, deadlineSeconds: 5 }).catch(() => undefined)
  return result?.exitCode === 0 ? result.stdout.toString('utf8') : undefined
}
