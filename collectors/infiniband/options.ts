/** The options of infiniband. */
import * as z from 'zod'

export const options = z.strictObject({
  expected: z
    .array(
      z.strictObject({
        device: z.string().min(1).describe('The HCA: `mlx5_0`.'),
        port: z.int().min(1).max(255).default(1).describe('Its port.'),
        gigabits: z.number().positive().max(100_000).describe('The rate the link should have, in Gbit/s.'),
      }),
    )
    .max(1024)
    .default([])
    .describe(
      'Rates that links should have. Without one it is the highest seen, so a link that was never better is not called degraded.',
    ),
  error_burst: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .default(10)
    .describe('Link errors within a minute that make an event; congestion and discards are not link errors.'),
})
export type Options = z.output<typeof options>
