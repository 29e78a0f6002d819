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

/** How reading one tool ended. */
export interface ToolEnd {
  /** Empty where none of the family is there. */
  readonly tool: string
  readonly state: ToolState
}

export interface FamilyReading {
  /** Of a family of which the first that finds a controller is read: that one, or the first that said why not. Else of all. */
  readonly ended: readonly ToolEnd[]
  /** Those that ran to their end: what one of them lists and did not list now is not there. None where a controller is unread. */
  readonly whole: ReadonlySet<string>
  /** Every tool that was asked ran to its end. */
  readonly all: boolean
  readonly items: readonly VendorItem[]
  /** The tool that showed a part. */
  readonly tools: ReadonlyMap<VendorItem, string>
}

type Around = Pick<CollectContext, 'run' | 'sys' | 'host' | 'signal' | 'skip'>

/** What went wrong is reported by `skip`; a tool without controllers is no failure. */
export async function readFamily(vendor: RaidVendor, context: Around): Promise<FamilyReading> {
  const tools = await findTools(vendor, context)
  const items = new Map<VendorItem, string>()
  const ends: ToolEnd[] = []
  for (const tool of tools) {
    const { state, hung } = await readTool(vendor, tool, context, (item) => items.set(item, tool.name))
    ends.push({ tool: tool.name, state })
    // A card that holds one tool of the family holds the others as long, and other families wait behind them.
    if (vendor.every !== true && (hung || state === 'ok')) break
  }
  const [first = { tool: '', state: 'missing' }] = ends
  const found = ends.find(({ state }) => state === 'ok')
  const ended: FamilyReading['ended'] = vendor.every === true ? [first, ...ends.slice(1)] : [found ?? first]
  const unread = [...items.keys()].some((item) => 'unread' in item)
  const whole = ends.filter(({ state }) => !unread && (state === 'ok' || state === 'no-controller'))
  return {
    ended,
    whole: new Set(whole.map(({ tool }) => tool)),
    all: ends.length > 0 && whole.length === ends.length,
    items: [...items.keys()],
    tools: items,
  }
}

/** What it read before it failed was given to `take`. */
async function readTool(
  vendor: RaidVendor,
  tool: Tool,
  context: Around,
  take: (item: VendorItem) => void,
): Promise<{ readonly state: ToolState; readonly hung: boolean }> {
  const { sys, host, signal, skip } = context
  try {
    await withTool(tool, context, async (call) => {
      for await (const item of vendor.read({ tool: call, sys, host, signal, skip })) take(item)
    })
    return { state: 'ok', hung: false }
  } catch (error) {
    if (signal.aborted) throw error
    const refusal = refusalOf(error)
    if (refusal === 'no-controller' && process.geteuid?.() !== 0) {
      // Several of these tools see no controller where they may not look.
      const message = `${tool.name} sees no controller, and only root can tell that there is none: run Remora as root`
      skip(new ToolError(message, 'no-permission'))
      return { state: 'no-permission', hung: false }
    }
    if (refusal !== 'no-controller') skip(error instanceof Error ? error : new Error(String(error)))
    return { state: refusal, hung: error instanceof CommandError && error.timedOut }
  }
}

function refusalOf(error: unknown): ToolRefusal | 'failed' {
  if (error instanceof ToolError) return error.refusal
  const denied =
    error instanceof CommandError &&
    /permission denied|not allowed to run/i.test(`${error.message} ${error.stderr}`)
  return denied ? 'no-permission' : 'failed'
}
