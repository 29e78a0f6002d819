/** What one family of vendor tools gives: parts, de-facto series beside them, and the controllers' event logs. */
import type { CollectContext, Metric, Sample, SourceBatch } from '../../src/model.ts'
import type { ToolCall, ToolPlaces } from '../../src/tool.ts'
import type { RaidPart, Vendor } from './report.ts'

/** While a tool is read. */
export interface VendorContext extends Pick<CollectContext, 'sys' | 'host'> {
  /** The tool, alone with its family until the reading ends. */
  readonly tool: ToolCall
  readonly signal: AbortSignal
  /** Reports one bad part, drive or controller; the others are read on. */
  skip(error: Error): void
}

export interface LogContext extends VendorContext {
  /** By stream, as committed. */
  readonly positions: ReadonlyMap<string, string>
  /** Without a position: how far back reading begins, in milliseconds since the epoch; 0 for all. */
  readonly sinceMilliseconds: number
}

/** A controller that was read to its end: what it did not list is not there. */
export interface Complete {
  readonly complete: Pick<RaidPart, 'vendor' | 'controller' | 'controllerSerial'>
}

/** A controller is there and cannot be read now: no controller counts as gone after this reading. */
export interface Unread {
  /** As the tool numbers it. */
  readonly unread: string
}

export type VendorItem = RaidPart | Sample | Complete | Unread

/** One family of tools. */
export interface RaidVendor extends ToolPlaces {
  /** The label values of its parts, which no other family has: what is not listed any more is known by it. */
  readonly vendors: readonly Vendor[]
  /** True where its tools read different cards: all are read. Else the first that finds a controller is. */
  readonly every?: boolean
  /** Where all are read: the tool that lists a controller of this label. What it lists is not gone while it is not there. */
  listedBy?(controller: string): string
  /** Beside the neutral family: names that dashboards know. */
  readonly metrics: readonly Metric[]
  /**
   * Everything the tool shows, with `complete` after each controller that was read whole.
   * @throws {ToolError} the tool says why it has nothing; {CommandError}, {ParseError} it cannot be read at all
   */
  read(context: VendorContext): AsyncIterable<VendorItem>
  /** The event logs of its controllers from the positions on, in bounded batches, one stream for each controller. */
  readLogs?(context: LogContext): AsyncIterable<SourceBatch>
}
