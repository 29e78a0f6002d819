/** One reading of a family of tools: its parts, the series beside them, and how it ended. */
import { CommandError, ToolError, type ToolRefusal } from '../../src/errors.ts'
import type { CollectContext } from '../../src/model.ts'
import { findTools, type Tool, withTool } from '../../src/tool.ts'
import type { RaidVendor, VendorItem } from './vendor.ts'

export const toolStates = [
  'ok',
  'missing',
  'no-controller',
  'no-permission',
  'unsupported-version',
  'failed',
] as const
export type ToolState = (typeof toolStates)[number]

export interface FamilyReading {
  /** The tool that was read, or the first that said why not; empty where none is there. */
  readonly tool: string
  readonly state: ToolState
  readonly items: readonly VendorItem[]
}

type Around = Pick<CollectContext, 'run' | 'host' | 'signal' | 'skip'>

/** What went wrong is reported by `skip`; a tool without controllers is no failure. */
export async function readFamily(vendor: RaidVendor, context: Around): Promise<FamilyReading> {
  const tools = await findTools(vendor, context)
  const items: VendorItem[] = []
  let best: { tool: string; state: ToolState } = { tool: '', state: 'missing' }
  for (const tool of tools) {
    const state = await readTool(vendor, tool, context, items)
    if (best.state === 'missing' || state === 'ok') best = { tool: tool.name, state }
    if (state === 'ok' && vendor.every !== true) break
  }
  return { ...best, items }
}

/** What it read before it failed stays in `items`. */
async function readTool(
  vendor: RaidVendor,
  tool: Tool,
  context: Around,
  items: VendorItem[],
): Promise<ToolState> {
  const { signal, skip } = context
  try {
    await withTool(tool, context, async (call) => {
      for await (const item of vendor.read({ tool: call, signal, skip })) items.push(item)
    })
    return 'ok'
  } catch (error) {
    if (signal.aborted) throw error
    const refusal = refusalOf(error)
    if (refusal !== 'no-controller') skip(error instanceof Error ? error : new Error(String(error)))
    return refusal
  }
}

function refusalOf(error: unknown): ToolRefusal | 'failed' {
  if (error instanceof ToolError) return error.refusal
  const denied =
    error instanceof CommandError &&
    /permission denied|not allowed to run/i.test(`${error.message} ${error.stderr}`)
  return denied ? 'no-permission' : 'failed'
}
