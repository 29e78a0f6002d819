/**
 * What flows through Remora: metrics and their samples, states, log records, and the collectors that yield them.
 * Collectors and forwarders know this file and errors.ts, never each other.
 */
import type * as z from 'zod'
import type { CommandRunner, CommandStreamer } from './command.ts'
import type { FileSystemUsage } from './statfs.ts'
import type { Tree } from './tree.ts'

/** What a plug-in gives may be `untyped`; Remora's own never is. */
export type MetricType = 'counter' | 'gauge' | 'untyped'

/** Base units. `none` is for counts and flags, `info` for a gauge of 1 with text in its labels. */
export type Unit =
  | 'bytes'
  | 'pages'
  | 'seconds'
  | 'timestamp_seconds'
  | 'celsius'
  | 'ratio'
  | 'volts'
  | 'joules'
  | 'hertz'
  | 'info'
  | 'none'

export interface Metric {
  readonly name: string
  readonly type: MetricType
  readonly unit: Unit
  /** The file, column or tool field it is read from. */
  readonly source: string
  readonly help: string
  /** Every label that a sample of it may carry. */
  readonly labels: readonly string[]
  /** Of a plug-in: what it stands under on the page, such as the histogram whose buckets it counts. */
  readonly family?: { readonly name: string; readonly type: FamilyType; readonly help: string }
}

export type FamilyType = MetricType | 'histogram' | 'summary'

/** The names a unit allows: the unit is the name's last word (before `_total` on a counter). */
type GaugeName<U extends Unit> = U extends 'none'
  ? string
  : U extends 'pages'
    ? `${string}pages${string}`
    : `${string}_${U}`
type CounterName<U extends Unit> = U extends 'none'
  ? `${string}_total`
  : `${string}_${U}_${string}total` | `${string}_${U}_total`

export function gauge<U extends Unit>(
  name: GaugeName<U>,
  unit: U,
  source: string,
  help: string,
  labels: readonly string[] = [],
): Metric {
  return { name, type: 'gauge', unit, source, help, labels }
}

export function counter<U extends Unit>(
  name: CounterName<U>,
  unit: U,
  source: string,
  help: string,
  labels: readonly string[] = [],
): Metric {
  return { name, type: 'counter', unit, source, help, labels }
}

/** A de-facto name that breaks the rules of `gauge` and `counter` and is kept because dashboards know it. */
export function deFacto(
  name: string,
  type: MetricType,
  unit: Unit,
  source: string,
  help: string,
  labels: readonly string[] = [],
): Metric {
  return { name, type, unit, source, help, labels }
}

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly metric: Metric
  /** In the metric's unit; a counter's absolute value as the source counts it. */
  readonly value: number
  readonly labels: Labels
}

/** An event that a collector makes itself: a change of state, or an entry of a log that it reads. */
export interface EventType {
  /** OpenTelemetry event name: `zram.fill`. */
  readonly name: string
  /** When there is one. */
  readonly when: string
  /**
   * The states that a change of it goes to: words, or what they are where they have a number or name in them. Absent: it
   * is an entry of a log and no state.
   */
  readonly states?: readonly string[]
  /** What each attribute beside part, from and to says, by name; one that ends in `.*` stands for all that begin so. */
  readonly attributes: Labels
}

/**
 * The state of one part as read now. When it differs from the last known one the engine makes a log record of it:
 * one parse, both outputs. Without a last state a healthy part makes none, an unhealthy one comes from "unknown".
 */
export interface StateReading {
  /** Names the part and what of it, stable across boots: `zram0:fill`. */
  readonly part: string
  /** One of few words, or a count: `above-90`. */
  readonly state: string
  readonly healthy: boolean
  /** OpenTelemetry event name: `zram.fill`. */
  readonly event: string
  /** OpenTelemetry severity number (9 info, 13 warn, 17 error, 21 fatal). */
  readonly severity: number
  /** A sentence that names the part and the values. */
  readonly body: string
  readonly attributes: Labels
}

/** A field exactly as the source gave it: binary, duplicates and order kept. */
export type Field = readonly [name: string, value: Uint8Array]

/** One log event before it has a number (format.md, Record). */
export interface LogRecord {
  /** What numbers the records inside a source: sequence-number id, boot id, file fingerprint, serial. */
  readonly stream: string
  /** Derived from the source alone, the same in every run and boot. */
  readonly id: string
  /** Nanoseconds since the epoch: what the source says, and when we read it. */
  readonly time: bigint
  readonly observed: bigint
  readonly fields: readonly Field[]
}

/** Records in their order. A list is one; columns (record-columns.ts) make a record only when it is asked for. */
export interface RecordList<T = LogRecord> extends Iterable<T> {
  readonly length: number
  at(index: number): T | undefined
  map<U>(made: (record: T, index: number) => U): U[]
  filter(wanted: (record: T, index: number) => boolean): RecordList<T>
  slice(start: number, end: number): RecordList<T>
}

/** Where a source resumes one stream: opaque to everyone but its collector. */
export interface Position {
  readonly stream: string
  readonly position: string
}

/** What a source yields at once. Everything in it is committed in one transaction, or nothing is. */
export interface SourceBatch {
  /** In the order of the source, after filters. May be empty when only the position moved. */
  readonly records: RecordList
  /** The positions after the batch. */
  readonly positions: readonly Position[]
  /** Records read but filtered out, by reason. */
  readonly filtered?: Readonly<Record<string, number>>
  /** Records that were gone before they could be read, by reason. */
  readonly missed?: Readonly<Record<string, number>>
  /** Called when the batch is committed: unless somebody holds its records, their memory may be used again. */
  readonly release?: () => void
}

export interface Cell {
  readonly text: string
  /** Marked on a terminal: somebody has to look at it. */
  readonly bad?: boolean
}

/** Rows of cells, for a person's eyes. */
export type Table = readonly (readonly Cell[])[]

/** Whether what a collector reads is on this machine. Absent is not an error. */
export type Presence = { readonly here: true } | { readonly here: false; readonly why: string }

/** What a collector may touch, and nothing else. */
export interface CollectContext<Options = unknown> {
  readonly sys: Tree
  readonly proc: Tree
  /** The host's root, for /run, /var, /dev, /etc and the mount points. */
  readonly host: Tree
  readonly options: Options
  /** True where no source reads beside this run, as in `remora collect`: what it would have in hand has to be asked for. */
  readonly isAlone?: boolean
  /** Starts a tool (command.ts). */
  readonly run: CommandRunner
  /** Starts a tool that runs on (command.ts). */
  readonly stream: CommandStreamer
  /** statfs of a path of the host that never blocks the agent: in process, or in a bounded child for mounts that can hang. */
  statfs(path: string, canHang: boolean): Promise<FileSystemUsage>
  readonly signal: AbortSignal
  /** Reports one bad part (counted, logged once) and lets the run go on with the others. */
  skip(error: Error): void
  /** The last known state of a part of this collector, if any. */
  previous(part: string): string | undefined
  /** All parts of this collector with a last known state. */
  known(): ReadonlyMap<string, string>
}

/** What an event source may touch. Its positions are those of the last committed batch. */
export interface ReadContext<Options = unknown> extends CollectContext<Options> {
  readonly positions: ReadonlyMap<string, string>
  /** The committed positions of another source of this agent, as they are now. */
  positionsOf(source: string): Promise<ReadonlyMap<string, string>>
}

export interface Collector {
  /** Few, bounded: also the `source` of its records and the `collector` label. */
  readonly name: string
  readonly metrics: readonly Metric[]
  /** Its own events. What a log says is passed on beside them as it is. */
  readonly events?: readonly EventType[]
  /** What others bring through it is not known before: samples of further metrics are taken too. */
  readonly open?: boolean
  /** A cron expression with seconds (UTC). Absent: cheap, read at every scrape and push. */
  readonly schedule?: string
  /** Seconds after which a run is abandoned and its tools are killed; default 10. Scheduled ones also run once at start. */
  readonly deadlineSeconds?: number
  /** Checks this collector's own section of the configuration. */
  readonly options?: z.ZodType
  probe?(context: CollectContext): Promise<Presence>
  collect?(context: CollectContext): AsyncIterable<Sample | StateReading>
  /** How `remora collect` shows a reading at a glance, where a list of series does not. */
  table?(samples: readonly Sample[]): Table
  /** What a person should know of a reading beside its values: a tool that is there and finds nothing. */
  notes?(samples: readonly Sample[]): readonly string[]
  read?(context: ReadContext): AsyncIterable<SourceBatch>
  /** Every required off-node sink has acknowledged this stream up to here (format.md, Acknowledgement). */
  acknowledged?(stream: string, position: string, context: CollectContext): Promise<void>
}

/** A collector whose options have a type. */
interface CollectorOf<S extends z.ZodType>
  extends Omit<Collector, 'options' | 'probe' | 'collect' | 'read' | 'acknowledged'> {
  readonly options: S
  probe?(context: CollectContext<z.output<S>>): Promise<Presence>
  collect?(context: CollectContext<z.output<S>>): AsyncIterable<Sample | StateReading>
  read?(context: ReadContext<z.output<S>>): AsyncIterable<SourceBatch>
  acknowledged?(stream: string, position: string, context: CollectContext<z.output<S>>): Promise<void>
}

/** Ties a collector to the schema of its options: it sees them parsed, with defaults, whoever calls it. */
export function withOptions<S extends z.ZodType>(collector: CollectorOf<S>): Collector {
  const { options, probe, collect, read, acknowledged, ...rest } = collector
  const typed = <C extends CollectContext>(context: C) => ({
    ...context,
    options: options.parse(context.options ?? {}),
  })
  return {
    ...rest,
    options,
    ...(probe && { probe: (context) => probe(typed(context)) }),
    ...(collect && { collect: (context) => collect(typed(context)) }),
    ...(read && { read: (context) => read(typed(context)) }),
    ...(acknowledged && {
      acknowledged: (stream, position, context) => acknowledged(stream, position, typed(context)),
    }),
  }
}

/** The key of a series, unique among all: its name and its labels sorted by name. */
export function seriesKey(name: string, labels: Labels): string {
  const keys = Object.keys(labels)
  if (keys.length === 0) return name
  if (keys.length > 1) keys.sort()
  return `${name}{${keys.map((key) => `${key}=${JSON.stringify(labels[key])}`).join()}}`
}
