/**
 * What storcli and perccli answer with `J`: one entry for each controller, banners before it tolerated. A controller
 * that fails says so in its own entry; the exit status and `Status` lie both ways, so data counts wherever it is.
 * @see Broadcom StorCLI reference manual; storcli 007.x, perccli 007.x
 */
import { CommandError, ParseError, ToolError } from '../../../../src/errors.ts'
import type { ToolBounds, ToolCall } from '../../../../src/tool.ts'
import { isRecord, recordOf, rowsOf, textOf } from '../values.ts'

export interface Answer {
  /** The number it has on the command line; absent in what is of no controller. */
  readonly controller?: string | undefined
  readonly data?: unknown
  /** Why this controller has no data. */
  readonly error?: Error
}

const biggestBytes = 32 << 20

/** @throws {CommandError} as the tool; {ParseError}; {ToolError} it has nothing at all, and says why */
export type Ask = (args: readonly string[], bounds?: ToolBounds) => Promise<readonly Answer[]>

/** Asks in JSON, without a log where the build can do that. */
export function asker(tool: ToolCall): Ask {
  const run = quietly(tool)
  return async (args, bounds = {}) => {
    const words = [...args, 'J']
    const text = await run(words, { maxOutputBytes: biggestBytes, ...bounds })
    return parseAnswers(text, `${tool.name} ${words.join(' ')}`)
  }
}

/** Runs the tool with `nolog`, and once it refuses that, without. @throws {CommandError} as the tool */
export function quietly(tool: ToolCall): (args: readonly string[], bounds: ToolBounds) => Promise<string> {
  let quiet = ['nolog']
  return async (args, bounds) => {
    const run = async () => (await tool.exec([...args, ...quiet], bounds)).stdout.toString('utf8')
    const text = await run()
    if (quiet.length === 0 || !refusesOption(text)) return text
    quiet = []
    return run()
  }
}

/** Whether the build does not know `nolog`; the others complain of the command itself, with it or without. */
export function refusesOption(text: string): boolean {
  return /syntax error|unexpected TOKEN|invalid (?:option|argument|input)|unrecogni[sz]ed/i.test(
    text.slice(0, 4096),
  )
}

/** @param what the command, for the message */
export function parseAnswers(text: string, what: string): readonly Answer[] {
  const begin = text.search(/\{\s*"Controllers"\s*:/)
  if (begin < 0) {
    refuse(text.slice(0, 4096).trim(), what)
    throw new ParseError(`Cannot parse ${what}: expected JSON with "Controllers", got "${text.trim()}"`)
  }
  const entries = rowsOf(recordOf(parseJson(text.slice(begin), what)).Controllers)
  if (entries.length === 0)
    throw new ParseError(`Cannot parse ${what}: "Controllers" is no list of controllers`)
  const answers = entries.map((entry): Answer => {
    const status = recordOf(entry['Command Status'])
    const data = entry['Response Data']
    const controller = textOf(status.Controller) ?? textOf(recordOf(recordOf(data).Basics).Controller)
    if (isRecord(data) || Array.isArray(data)) return { controller, data }
    const said = [textOf(status.Description), ...rowsOf(status['Detailed Status']).map(complaintOf)]
    const words = said.filter((word) => word !== undefined && word !== 'None')
    const why = words.join('; ') || `status ${textOf(status.Status) ?? 'unknown'} without data`
    if (controller === undefined) refuse(why, what)
    const whom = controller === undefined ? what : `controller ${controller} by ${what}`
    return { controller, error: new CommandError(`Cannot read ${whom}: ${why}`) }
  })
  const [first] = answers
  if (first && answers.every(({ error }) => error) && first.controller === undefined) throw first.error
  for (const { data } of answers) {
    const count = recordOf(data)['Number of Controllers'] ?? recordOf(data)['Controller Count']
    if (count === 0) throw new ToolError(`Cannot read ${what}: no controllers`, 'no-controller')
  }
  return answers
}

/** The last brace ends it: some builds print after it. Control characters of serial numbers are blanks. */
function parseJson(text: string, what: string): unknown {
  const clean = text.slice(0, text.lastIndexOf('}') + 1).replace(/\p{Cc}/gu, ' ')
  try {
    return JSON.parse(clean)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ParseError(`Cannot parse ${what}: its JSON is broken: ${why}`, { cause })
  }
}

function complaintOf(row: Readonly<Record<string, unknown>>): string | undefined {
  const place = textOf(row.Drive) ?? textOf(row.VD) ?? textOf(row.Property)
  const message = textOf(row.ErrMsg)
  return message === undefined || place === undefined ? message : `${place}: ${message}`
}

/** @throws {ToolError} if these words say why there is nothing */
export function refuse(words: string, what: string): void {
  const because = (refusal: ToolError['refusal']) => new ToolError(`Cannot read ${what}: ${words}`, refusal)
  if (/no controllers? (?:was |were )?found|controller \d+ (?:is )?not found|no controllers?$/i.test(words))
    throw because('no-controller')
  if (/permission|privilege|must be root|root user|access (?:is )?denied|not permitted/i.test(words))
    throw because('no-permission')
  if (/un-?supported command|not supported by this version|incompatible|unsupported version/i.test(words))
    throw because('unsupported-version')
}
