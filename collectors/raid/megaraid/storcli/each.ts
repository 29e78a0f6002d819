/** storcli and perccli, asked for all controllers at once, or for each by itself where that hangs. */
import type { ToolCall } from '../../../../src/tool.ts'
import { countBounds, oneByOne } from '../one-by-one.ts'
import { recordOf } from '../values.ts'
import { type Answer, type Ask, asker } from './answer.ts'

/** @param skip told once that the question for all hangs */
export function eachAsker(tool: ToolCall, skip: (error: Error) => void): Ask {
  const ask = asker(tool)
  return oneByOne<Answer>(
    {
      tool: tool.name,
      ask,
      forOne: (args, controller) => args.map((word) => word.replace(/^\/cALL\b/, `/c${controller}`)),
      count: async () =>
        (await ask(['show', 'ctrlcount'], countBounds))
          .map(({ data }) => Number(recordOf(data)['Controller Count']))
          .find(Number.isInteger),
      lost: (controller, error) => [{ controller, error }],
    },
    skip,
  )
}
