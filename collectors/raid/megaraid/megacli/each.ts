/** MegaCli, asked for all adapters at once, or for each by itself where that hangs. */
import type { ToolBounds, ToolCall } from '../../../../src/tool.ts'
import { countBounds, oneByOne } from '../one-by-one.ts'

/** Asks, without a log where the build can do that. @throws {CommandError} as the tool */
export function asker(tool: ToolCall): (args: readonly string[], bounds?: ToolBounds) => Promise<string> {
  let quiet = ['-NoLog']
  return async (args, bounds) => {
    const run = async () => (await tool.exec([...args, ...quiet], bounds)).stdout.toString('utf8')
    const text = await run()
    if (quiet.length === 0 || !/invalid input|unrecogni[sz]ed|syntax/i.test(text.slice(0, 4096))) return text
    quiet = []
    return run()
  }
}

export interface AdapterAsker {
  /** The texts of all adapters that answer, one after the other. @throws {CommandError} none can be asked */
  ask(args: readonly string[]): Promise<string>
  /** The numbers of those that did not. */
  readonly unread: ReadonlySet<string>
}

/** @param skip told of what does not answer */
export function eachAsker(tool: ToolCall, skip: (error: Error) => void): AdapterAsker {
  const ask = asker(tool)
  const unread = new Set<string>()
  const askAll = oneByOne<string>(
    {
      tool: tool.name,
      ask: async (args, bounds) => [await ask(args, bounds)],
      forOne: (args, adapter) => args.map((word) => (word === '-aALL' ? `-a${adapter}` : word)),
      count: async () =>
        Number(/Controller Count: ?(\d{1,3})\b/i.exec(await ask(['-adpCount'], countBounds))?.[1] ?? 0),
      lost: (adapter, error) => {
        unread.add(adapter)
        skip(error)
        return []
      },
    },
    skip,
  )
  return { ask: async (args) => (await askAll(args)).join('\n'), unread }
}
