/**
 * The one schema of the configuration: types, defaults, bounds and descriptions.
 * config.ts loads it with located errors, docs/configuration.md is generated from it. `expected` in a key's meta says in
 * words what a pattern allows; types and bounds speak for themselves (config/keys.ts).
 */
import * as z from 'zod'
import { collectors } from '../collectors/all.ts'
import { fileSink, seconds, sink } from './sink-schemas.ts'

/** Node-cron's expression with seconds, six fields, UTC. */
const schedule = z
  .string()
  .regex(/^\S+( \S+){5}$/)
  .meta({ expected: 'a cron expression of six fields, seconds first, such as "*/15 * * * * *"' })

const ratio = z.number().gt(0).lt(1)

/** One section for each collector: its own options, and what every collector has. */
const collectorSections = Object.fromEntries(
  collectors.map((collector) => [
    collector.name,
    z
      .strictObject({
        enabled: z.boolean().default(true).describe('Whether it runs at all.'),
        ...(collector.schedule === undefined
          ? {}
          : {
              schedule: schedule
                .default(collector.schedule)
                .describe('When it is read, UTC, beside once at start.'),
            }),
        deadline_seconds: seconds
          .default(collector.deadlineSeconds ?? 10)
          .describe('When a run is abandoned and its tools are killed.'),
        ...(collector.options && { options: collector.options.prefault({}) }),
      })
      .prefault({}),
  ]),
)

/** Logs first, those with their own memory before the kernel's ring; states, which keep their last one, and crashes last. */
const defaultPauseOrder = [
  ...['files', 'journald', 'raid', 'smartctl', 'ipmi', 'kmsg'],
  ...[
    'nvmecli',
    'nvme',
    'edac',
    'sas',
    'fibrechannel',
    'infiniband',
    'fabric',
    'md',
    'zram',
    'root',
    'pstore',
    'remora',
  ],
]

export const configSchema = z.strictObject({
  node: z
    .strictObject({
      name: z
        .string()
        .min(1)
        .optional()
        .describe('The name of this node in every sink; default: found by `identity`.'),
      identity: z
        .array(z.enum(['hostname', 'product_uuid', 'product_serial', 'mac']))
        .min(1)
        .default(['hostname', 'product_uuid', 'product_serial', 'mac'])
        .describe('Where the name comes from: the first that this machine has.'),
    })
    .prefault({}),
  paths: z
    .strictObject({
      sys: z.string().min(1).default('/sys').describe('Where sysfs is mounted.'),
      proc: z.string().min(1).default('/proc').describe('Where procfs is mounted.'),
      root: z
        .string()
        .min(1)
        .default('/')
        .describe('Where the root of the host is, with /run, /var and the mount points.'),
      tools: z
        .array(
          z
            .string()
            .regex(/^\/[^:]*$/)
            .meta({ expected: 'an absolute path without a colon' }),
        )
        .default([])
        .describe('Folders in which tools are looked for before the usual ones.'),
    })
    .prefault({})
    .describe('Where the kernel trees and the host root are, for containers.'),
  server: z
    .strictObject({
      listen: z
        .string()
        .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):\d{1,5}$/)
        .meta({ expected: 'host:port, such as "127.0.0.1:9747" or "[::1]:9747"' })
        .default('127.0.0.1:9747')
        .describe('Where /metrics and the page are served; port 0 takes a free one.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('The least that is logged.'),
    })
    .prefault({}),
  spool: z
    .strictObject({
      path: z
        .string()
        .min(1)
        .default('./remora-data/spool')
        .describe('Folder of the spool; made when missing.'),
      max_bytes: z
        .int()
        .min(1 << 20)
        .default(64 << 20)
        .describe('Bound of file, write-ahead log and free pages together.'),
      reserve_ratio: ratio
        .default(0.1)
        .describe('The share of its file system that the spool always leaves free.'),
      pause_order: z
        .array(z.string().min(1))
        .default(defaultPauseOrder)
        .describe(
          'Which sources are paused first when the spool is full; those not named are paused first of all.',
        ),
    })
    .prefault({}),
  state: z
    .strictObject({
      path: z
        .string()
        .min(1)
        .optional()
        .describe(
          'A folder that outlives the boot, on a data disk or a network file system: a small copy of the positions and a marker of how the boot ended; default: none.',
        ),
    })
    .prefault({})
    .describe('See docs/decisions/boot-record.md.'),
  push: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Whether samples go to the sinks at all, beside /metrics.'),
      schedule: schedule
        .default('*/15 * * * * *')
        .describe('When the last reading of every collector is put into the spool.'),
    })
    .prefault({}),
  heartbeat: z
    .strictObject({
      seconds: z
        .number()
        .min(0)
        .max(3600)
        .default(10)
        .describe(
          'How often every event sink on another machine is told how far each source has come, past what waits; 0: never.',
        ),
    })
    .prefault({})
    .describe('See docs/after-a-crash.md.'),
  shutdown: z
    .strictObject({
      linger_seconds: z
        .number()
        .min(0)
        .max(60)
        .default(0.5)
        .describe(
          'How long a stop reads on first: what services stopped just before it have said reaches a reader of the journal up to 0.25 s later.',
        ),
      drain_seconds: z
        .number()
        .min(0)
        .max(3600)
        .default(5)
        .describe('How long a stop may wait for the sinks.'),
    })
    .prefault({}),
  collect: z
    .strictObject({
      max_series: z
        .int()
        .min(1)
        .default(50_000)
        .describe(
          'Most series of one collector; beyond it whole metrics are refused, always the same ones, and counted.',
        ),
    })
    .prefault({}),
  collectors: z.strictObject(collectorSections).prefault({}),
  sinks: z
    .record(
      z
        .string()
        .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/)
        .meta({ expected: 'a name of at most 63 lower-case letters, digits, "_" and "-"' }),
      sink,
    )
    .default({ local: fileSink.parse({ type: 'file', path: './remora-data/out' }) })
    .describe('Where records go. A sink is its name: renamed, it is another one.'),
})

export type Config = z.output<typeof configSchema>
/** What every collector's section has. */
export interface CollectorSection {
  readonly enabled: boolean
  readonly schedule?: string
  readonly deadline_seconds: number
  readonly options?: unknown
}

/** The section of every collector, by name. */
export function collectorSectionsOf(config: Config): Record<string, CollectorSection> {
  return Object.fromEntries(
    Object.entries(config.collectors).map(([name, { schedule, ...section }]) => [
      name,
      { ...section, ...(typeof schedule === 'string' && { schedule }) },
    ]),
  )
}
