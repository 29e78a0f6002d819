/** Numbered entries in the guest's journal, and which of them a receiver has. */
import { type JournalRemoteServer, readExport } from '../journal-remote-server.ts'
import type { Machine } from './machine.ts'

/**
 * Starts writing `entry 1`, `entry 2`, … as a service, so many a second. After every few it says on a serial
 * line, which outlives the machine, `wrote NUMBER at SECONDS` of its uptime.
 */
export async function startWriter(machine: Machine, perSecond: number): Promise<void> {
  // The guest has perl-base alone, without Time::HiRes; and what begins with "$" systemd takes for a variable.
  const script = `; $| = 1; sub now { open my $file, "<", "/proc/uptime"; (split " ", <$file>)[0] }
    open my $line, ">", "/dev/ttyS1"; my $begin = now; my $i = 0; while (1) {
    my $at = now; my $to = ($at - $begin) * ${perSecond}; while ($i < $to) { $i++; print "entry $i\\n" }
    syswrite $line, "wrote $i at $at\\n"; select undef, undef, undef, 0.05 }`
  await machine.run(
    `systemd-run --quiet --unit=writer -p LogRateLimitIntervalSec=0 -p LogRateLimitBurst=0 perl -e '${script}'`,
  )
}

export interface Written {
  /** The last number, and every one up to it. */
  readonly number: number
  /** Seconds of the machine's uptime. */
  readonly at: number
}

/** What the writer said on the serial line, oldest first. */
export function writtenBy(words: string): Written[] {
  return [...words.matchAll(/^wrote (\d+) at (\d+\.\d+)\r?$/gm)].map(([, number, at]) => ({
    number: Number(number),
    at: Number(at),
  }))
}

/** The numbers it has, with how often. */
export async function numbersAt(server: JournalRemoteServer): Promise<Map<number, number>> {
  const counts = new Map<number, number>()
  for (const { fields } of readExport(await server.read())) {
    const message = fields.find((field) => field.startsWith('MESSAGE=entry '))
    const number = Number(message?.slice('MESSAGE=entry '.length))
    if (message !== undefined) counts.set(number, (counts.get(number) ?? 0) + 1)
  }
  return counts
}

/** @returns those from 1 to `last` that are not among them */
export function missingUpTo(last: number, numbers: ReadonlyMap<number, number>): number[] {
  return Array.from({ length: last }, (_, i) => i + 1).filter((number) => !numbers.has(number))
}

/** There may be more of them than a call takes arguments. */
export function highestOf(numbers: Iterable<number>): number {
  let highest = 0
  for (const number of numbers) highest = Math.max(highest, number)
  return highest
}
