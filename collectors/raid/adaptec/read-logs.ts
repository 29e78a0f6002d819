/** Reads the event logs of every controller that arcconf shows, each a stream of its own. */
import { CommandError, ParseError } from '../../../src/errors.ts'
import type { SourceBatch } from '../../../src/model.ts'
import type { LogContext } from '../vendor.ts'
import { parseBlocks, textOf } from './blocks.ts'
import { ask, listControllers, mostHung } from './commands.ts'
import { sectionOf } from './controller.ts'
import { eventLogs, newEntries } from './events.ts'
import { isUnsupported, parseLog } from './log.ts'

/** A log or a controller that cannot be read is told of; the others are read on. */
export async function* readLogs(context: LogContext): AsyncGenerator<SourceBatch> {
  const streams = new Set<string>()
  let hung = 0
  for (const controller of await listControllers(context)) {
    let name: string | undefined
    for (const log of eventLogs) {
      try {
        if (name === undefined) {
          const serial = await streamOf(context, controller)
          // Boards of one number are told apart by their place.
          name = streams.has(serial) ? `${serial}-${controller}` : serial
          streams.add(name)
        }
        const read = parseLog(await ask(context, ['GETLOGS', controller, log]))
        const stream = log === 'EVENT' ? name : `${name}:${log.toLowerCase()}`
        yield* newEntries(read, { controller, stream, log }, context)
      } catch (error) {
        context.signal.throwIfAborted()
        const isHung = error instanceof CommandError && error.timedOut
        hung += Number(isHung)
        if (!(error instanceof Error) || hung >= mostHung) throw error
        if (!isUnsupported(error)) context.skip(error)
        if (isHung) break
      }
    }
  }
}

/**
 * The serial number, whatever number the controller has today; of a card without one that number.
 * @throws {ParseError} the card did not say, and a guess would read all of its log again
 */
async function streamOf(context: LogContext, controller: string): Promise<string> {
  const { blocks } = parseBlocks(await ask(context, ['GETCONFIG', controller, 'AD']))
  const own = sectionOf(blocks, 'controller information')
  if (textOf(own, 'controller status') === undefined)
    throw new ParseError(
      `Cannot read the log of controller "${controller}": it does not say its serial number`,
    )
  return textOf(own, 'controller serial number') ?? `adaptec-${controller}`
}
