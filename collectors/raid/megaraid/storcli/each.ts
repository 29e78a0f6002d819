/**
 * Asks all controllers in one question, since each question costs the tool a look at every card; where that hangs, each
 * controller by itself, so that one that does not answer costs only its own reading.
 */
import { CommandError, describe } from '../../../../src/errors.ts'
import type { ToolCall } from '../../../../src/tool.ts'
import { recordOf } from '../values.ts'
import { type Answer, type Ask, asker } from './answer.ts'

const countSeconds = 10
const oneSeconds = 20

/** @param skip told once that the question for all hangs */
export function eachAsker(tool: ToolCall, skip: (error: Error) => void): Ask {
  const ask = asker(tool)
  /** Their numbers, once the question for all has hung. */
  let alone: readonly string[] | undefined
  const hung = new Set<string>()

  const askOne = async (controller: string, args: readonly string[]): Promise<readonly Answer[]> => {
    if (hung.has(controller)) return []
    const own = args.map((word) => word.replace(/^\/cALL\b/, `/c${controller}`))
    try {
      return await ask(own, { deadlineSeconds: oneSeconds, hangs: `controller ${controller}` })
    } catch (cause) {
      if (isHung(cause)) hung.add(controller)
      const what = `controller ${controller} by ${tool.name} ${own.join(' ')}`
      return [{ controller, error: new Error(`Cannot read ${what}: ${describe(cause)}`, { cause }) }]
    }
  }
  return async (args, bounds) => {
    if (alone === undefined) {
      try {
        return await ask(args, bounds)
      } catch (error) {
        if (!isHung(error)) throw error
        const numbers = await numbersOf(ask)
        if (numbers.length < 2) throw error
        const what = `${tool.name} ${args.join(' ')}`
        skip(new Error(`Cannot ask all controllers at once by ${what}: ${describe(error)}`, { cause: error }))
        alone = numbers
      }
    }
    const answers: Answer[] = []
    for (const controller of alone) answers.push(...(await askOne(controller, args)))
    return answers
  }
}

function isHung(error: unknown): error is CommandError {
  return error instanceof CommandError && error.timedOut
}

/** It counts them without a look at any. None where it cannot even do that. */
async function numbersOf(ask: Ask): Promise<string[]> {
  try {
    const answers = await ask(['show', 'ctrlcount'], { deadlineSeconds: countSeconds, hangs: 'count' })
    const count = answers.map(({ data }) => Number(recordOf(data)['Controller Count'])).find(Number.isInteger)
    return Array.from({ length: Math.min(Math.max(count ?? 0, 0), mostControllers) }, (_, number) =>
      String(number),
    )
  } catch {
    return [] // The error of the question itself says more.
  }
}

const mostControllers = 32
