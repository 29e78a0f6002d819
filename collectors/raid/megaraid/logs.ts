/** The event logs of all controllers of one tool, each apart: one that fails leaves the others readable. */
import { ParseError, ToolError } from '../../../src/errors.ts'
import type { SourceBatch } from '../../../src/model.ts'
import type { ToolBounds, ToolCall } from '../../../src/tool.ts'
import { sharedSerials } from '../serials.ts'
import type { LogContext } from '../vendor.ts'
import type { Card } from './card.ts'
import { readEventLog } from './event-log.ts'
import { type LoggedEvent, parseEvents } from './events.ts'
import { cardsOf as megacliCards } from './megacli/cards.ts'
import { asker as megacliAsker, eachAsker as megacliEach } from './megacli/each.ts'
import { adaptersOf } from './megacli/text.ts'
import { quietly, refuse } from './storcli/answer.ts'
import { cardsOf as storcliCards } from './storcli/cards.ts'
import { eachAsker } from './storcli/each.ts'

const biggestBytes = 64 << 20
/** Firmware is slow to hand out a long log. */
const deadlineSeconds = 120

function boundsOf(controller: string): ToolBounds {
  return { deadlineSeconds, hangs: `controller ${controller}` }
}

/** @throws {CommandError}, {ParseError}, {ToolError} the controllers cannot even be listed */
export async function* readStorcliLogs(context: LogContext): AsyncGenerator<SourceBatch> {
  const { tool } = context
  const answers = await eachAsker(tool, context.skip)(['/cALL', 'show'])
  for (const { error } of answers) if (error) context.skip(error)
  const run = quietly(tool)
  yield* readLogs(
    storcliCards(answers, () => undefined),
    context,
    async (controller, count) => {
      const args = [`/c${controller}`, 'show', 'events', `type=latest=${count}`]
      const text = await run(args, { ...boundsOf(controller), maxOutputBytes: biggestBytes })
      return eventsOf(text, `${tool.name} ${args.join(' ')}`)
    },
  )
}

/** @throws {CommandError}, {ParseError}, {ToolError} the adapters cannot even be listed */
export async function* readMegacliLogs(context: LogContext): AsyncGenerator<SourceBatch> {
  const { tool } = context
  const ask = megacliAsker(tool)
  const adapters = await megacliEach(tool, context.skip).ask(['-AdpAllInfo', '-aALL'])
  const info = adaptersOf(adapters, `${tool.name} -AdpAllInfo -aALL`)
  yield* readLogs(
    megacliCards({ info }, () => undefined),
    context,
    async (controller, count) => {
      const args = ['-AdpEventLog', '-GetLatest', String(count), '-f', logFile, `-a${controller}`]
      const said = await ask(args, boundsOf(controller))
      const written = await takeFile(tool)
      return eventsOf(written ?? said, `${tool.name} ${args.join(' ')}`)
    },
  )
}

/** MegaCli prints events into a file alone, here in the private folder. */
const logFile = 'events.txt'

async function takeFile(tool: ToolCall): Promise<string | undefined> {
  return (await tool.left(logFile, biggestBytes))?.toString('utf8')
}

function eventsOf(text: string, what: string): readonly LoggedEvent[] {
  const events = parseEvents(text, what)
  // An empty log is told in no common words; a refusal is.
  if (events.length === 0) refuse(text.slice(0, 4096), what)
  if (events.length === 0 && /\b(?:fail(?:ed|ure)|error)\b/i.test(text.slice(0, 4096)))
    throw new ParseError(`Cannot read ${what}: ${text.trim().replace(/\s+/g, ' ')}`)
  return events
}

type Latest = (controller: string, count: number) => Promise<readonly LoggedEvent[]>

async function* readLogs(
  cards: readonly Card[],
  context: LogContext,
  latest: Latest,
): AsyncGenerator<SourceBatch> {
  const { positions, sinceMilliseconds, skip, signal } = context
  const shared = sharedSerials(cards.map(({ part }) => part.controllerSerial))
  for (const { part, facts } of cards) {
    // An HBA keeps no such log.
    if (facts.driver === 'mpt3sas') continue
    const serial = part.controllerSerial
    const stream = serial === undefined || shared.has(serial) ? `c${part.controller}` : serial
    try {
      yield* readEventLog({
        stream,
        controller: part.controller,
        latest: (count) => latest(part.controller, count),
        position: positions.get(stream),
        sinceMilliseconds,
      })
    } catch (error) {
      if (signal.aborted) throw error
      if (error instanceof ToolError && error.refusal === 'no-controller') continue
      skip(error instanceof Error ? error : new Error(String(error)))
    }
  }
}
