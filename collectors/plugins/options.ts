/** Which plug-ins are run, and how. */
import * as z from 'zod'
import { formats } from './format.ts'

const plugin = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,39}$/)
    .meta({ expected: 'a small letter, then at most 39 small letters, digits, "-" or "_"' })
    .describe('The label `plugin`.'),
  command: z
    .array(z.string().min(1))
    .min(1)
    .refine(([program]) => program?.startsWith('/') === true)
    .meta({ expected: 'a list: the absolute path of a program, then its arguments' })
    .describe('The program and its arguments; no shell is in between.'),
  format: z.enum(formats).default('prometheus').describe('What it prints.'),
  keep_running: z
    .boolean()
    .default(false)
    .describe('Whether it runs on and ends each frame with a line `# EOF`; else it is run again and again.'),
  every_seconds: z
    .number()
    .min(1)
    .max(86_400)
    .default(60)
    .describe('How often it is run; of one kept running, how often it prints a frame.'),
  deadline_seconds: z
    .number()
    .min(1)
    .max(3600)
    .default(30)
    .describe('How long a run may take, or a frame be overdue; then it is killed with its group.'),
  max_series: z.int().min(1).max(50_000).default(5000).describe('A frame of more series is refused.'),
})

export const options = z.strictObject({
  plugins: z
    .array(plugin)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length)
    .meta({ expected: 'plug-ins with a name of their own each' })
    .default([])
    .describe('Executables in any language that print metrics: docs/plugins.md.'),
})

export type PluginOptions = z.output<typeof plugin>
export type Options = z.output<typeof options>
