/** The event logs of the controllers that one family of tools shows, from the committed positions on. */
import { durationSeconds } from '../../src/duration.ts'
import { CommandError, ToolError } from '../../src/errors.ts'
import type { CollectContext, SourceBatch } from '../../src/model.ts'
import { findTools, withTool } from '../../src/tool.ts'
import type { RaidVendor } from './vendor.ts'

/** `all`, or a whole number with its unit. */
export const initialPattern = /^(?:all|[1-9]\d{0,5}[smhd])$/

/** What goes wrong with one tool is reported by `skip`; it is asked again next time. */
export async function* readVendorLogs(
  vendor: RaidVendor,
  positions: ReadonlyMap<string, string>,
  initial: string,
  context: Pick<CollectContext, 'run' | 'sys' | 'host' | 'signal' | 'skip'>,
): AsyncGenerator<SourceBatch> {
  if (!vendor.readLogs) return
  for (const tool of await findTools(vendor, context)) {
    // Read whole before it is yielded: the tool is not kept from others while the spool has no room.
    const batches: SourceBatch[] = []
    let done = false
    try {
      await withTool(tool, context, async (call) => {
        const { sys, host, signal, skip } = context
        const since = { positions, sinceMilliseconds: startOf(initial) }
        for await (const batch of vendor.readLogs?.({ tool: call, sys, host, signal, skip, ...since }) ?? [])
          batches.push(batch)
      })
      done = true
    } catch (error) {
      if (context.signal.aborted) throw error
      const absent = error instanceof ToolError && error.refusal === 'no-controller'
      // What holds this tool holds the others of its family as long.
      done = error instanceof CommandError && error.timedOut
      if (!absent) context.skip(error instanceof Error ? error : new Error(String(error)))
    }
    yield* batches
    if (done && vendor.every !== true) return
  }
}

/** @returns milliseconds since the epoch, 0 for all */
function startOf(initial: string): number {
  const seconds = durationSeconds(initial)
  return seconds === undefined ? 0 : Date.now() - seconds * 1000
}
