/** Which log files are read, and how. */
import * as z from 'zod'
import { durationOr, durationSeconds } from '../../src/duration.ts'

const globs = z.array(
  z.string().startsWith('/').meta({ expected: 'an absolute path, with `*`, `?`, `[…]` or `**`' }),
)

export interface LogSet {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly start?: string | undefined
}

export const options = z.strictObject({
  presets: z
    .array(z.enum(['ceph', 'glusterfs', 'beegfs']))
    .default(['ceph', 'glusterfs', 'beegfs'])
    .describe('Known logs that are read where they are, with the rule that joins their lines.'),
  logs: z
    .array(
      z.strictObject({
        include: globs.min(1).describe('The files.'),
        exclude: globs.default([]).describe('And not these.'),
        start: z
          .string()
          .min(1)
          .refine(isPattern)
          .optional()
          .meta({ expected: 'a regular expression' })
          .describe('What the first line of an entry matches; lines that do not belong to the entry before.'),
      }),
    )
    .default([])
    .describe('Further logs. A file that several match is of the first.'),
  initial: z
    .string()
    .regex(durationOr('all', 'end'))
    .meta({ expected: '"all", "end", or a duration such as "12h" (s, m, h, d)' })
    .default('all')
    .describe(
      'Where files that are there at the first start begin: `all`, `end`, or those written to within a duration whole and others at their end.',
    ),
  line_bytes: z
    .int()
    .min(256)
    .max(1 << 20)
    .default(128 << 10)
    .describe(
      'The most bytes of one record; a longer line or entry goes on in the next, and `log.cut` says so.',
    ),
  entry_seconds: z
    .number()
    .min(0.1)
    .max(3600)
    .default(1)
    .describe('How long the last entry of a file waits for further lines, where lines are joined.'),
  partial_seconds: z
    .number()
    .min(1)
    .max(86_400)
    .default(10)
    .describe(
      'How long a last line waits for its newline; then it is taken as it is, and `log.partial` says so.',
    ),
})

export type Options = z.output<typeof options>

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}

/** @returns the moment (milliseconds) since when a file must have been written to, to be read whole */
export function wholeSince(initial: string, nowMilliseconds: number): number {
  if (initial === 'all') return Number.NEGATIVE_INFINITY
  const seconds = durationSeconds(initial) ?? 0
  return seconds === 0 ? Number.POSITIVE_INFINITY : nowMilliseconds - seconds * 1000
}
