/**
 * Asks all controllers in one question, since each question costs a tool a look at every card; where that hangs, each
 * controller by itself, so that one that does not answer costs only its own reading.
 */
import { CommandError, describe } from '../../../src/errors.ts'
import type { ToolBounds } from '../../../src/tool.ts'

/** How long to wait for the number of controllers, and for one of them. */
export const countBounds: ToolBounds = { deadlineSeconds: 10, hangs: 'count' }
const oneSeconds = 20
/** Where so many hang it is not they: the others are not waited for. */
const mostHung = 3
const mostControllers = 32

export interface Questions<Answer> {
  /** The tool's name, for messages. */
  readonly tool: string
  /** @throws {CommandError} as the tool */
  ask(args: readonly string[], bounds?: ToolBounds): Promise<readonly Answer[]>
  /** How many controllers there are, without a look at any. @throws if it cannot be told */
  count(): Promise<number | undefined>
  /** The question for all as one for this controller. */
  forOne(args: readonly string[], controller: string): readonly string[]
  /** What stands for a controller that did not answer; nothing where `skip` was told. */
  lost(controller: string, error: Error): readonly Answer[]
}

/** @param skip told once that the question for all hangs */
export function oneByOne<Answer>(
  { tool, ask, count, forOne, lost }: Questions<Answer>,
  skip: (error: Error) => void,
): (args: readonly string[], bounds?: ToolBounds) => Promise<readonly Answer[]> {
  /** Their numbers, once the question for all has hung. */
  let alone: readonly string[] | undefined
  const hung = new Set<string>()

  const askOne = async (controller: string, args: readonly string[]): Promise<readonly Answer[]> => {
    if (hung.has(controller)) return []
    const own = forOne(args, controller)
    const cannot = (why: string, cause?: unknown) =>
      new Error(`Cannot read controller ${controller} by ${tool} ${own.join(' ')}: ${why}`, { cause })
    if (hung.size >= mostHung) {
      hung.add(controller)
      return lost(controller, cannot(`${mostHung} others hang`))
    }
    try {
      return await ask(own, { deadlineSeconds: oneSeconds, hangs: `controller ${controller}` })
    } catch (error) {
      if (isHung(error)) hung.add(controller)
      return lost(controller, cannot(describe(error), error))
    }
  }
  return async (args, bounds) => {
    if (alone === undefined) {
      try {
        return await ask(args, bounds)
      } catch (error) {
        if (!isHung(error)) throw error
        const numbers = await numbersOf(count)
        if (numbers.length < 2) throw error
        const what = `${tool} ${args.join(' ')}`
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

/** None where it cannot even count them. */
async function numbersOf(count: () => Promise<number | undefined>): Promise<string[]> {
  try {
    const found = Math.min(Math.max((await count()) ?? 0, 0), mostControllers)
    return Array.from({ length: found }, (_, number) => String(number))
  } catch {
    return [] // The error of the question itself says more.
  }
}
