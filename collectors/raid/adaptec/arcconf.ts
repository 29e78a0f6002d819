/**
 * Adaptec, Microchip, IBM ServeRAID: arcconf. Each controller is asked for its configuration, its tasks and, where
 * the configuration does not have them, the errors it counted on its drives. Exit codes say little: the text decides.
 */
import { CommandError, ParseError } from '../../../src/errors.ts'
import type { RaidVendor, VendorContext, VendorItem } from '../vendor.ts'
import { ask, listControllers, mostHung } from './commands.ts'
import { parseConfig } from './config.ts'
import { deviceErrorsOf, withErrors } from './device-errors.ts'
import { isUnsupported, parseLog } from './log.ts'
import { readLogs } from './read-logs.ts'
import { noTasks, parseStatus } from './status.ts'

export const adaptec: RaidVendor = {
  family: 'arcconf',
  vendors: ['adaptec'],
  names: ['arcconf'],
  folders: [
    '/usr/StorMan',
    '/usr/Arcconf',
    '/opt/StorMan',
    '/opt/Arcconf',
    '/usr/Adaptec_Event_Monitor',
    '/usr/RaidMan',
  ],
  metrics: [],
  async *read(context) {
    const controllers = await listControllers(context)
    let read = 0
    let hung = 0
    for (const controller of controllers) {
      try {
        if (hung >= mostHung)
          throw new CommandError(`Cannot read controller "${controller}": ${hung} others hang`)
        yield* readController(context, controller)
        read += 1
      } catch (error) {
        context.signal.throwIfAborted()
        if (isHung(error)) hung += 1
        const none = read === 0 && controller === controllers.at(-1)
        if (none || !(error instanceof Error)) throw error
        context.skip(error)
        yield { unread: controller }
      }
    }
  },
  readLogs,
}

async function* readController(context: VendorContext, controller: string): AsyncGenerator<VendorItem> {
  const text = await ask(context, ['GETCONFIG', controller, 'AL'])
  const more = asker(context)
  const skip = (error: Error) => context.skip(error)
  // Without its tasks a controller is read all the same.
  const tasks = (await more(['GETSTATUS', controller], (said) => parseStatus(said, skip))) ?? noTasks
  const config = parseConfig(text, controller, tasks, skip)
  yield* config.parts
  const uncounted = config.drives.some(
    ({ drive: { mediaErrors, otherErrors } }) => (mediaErrors ?? otherErrors) === undefined,
  )
  // Without this log its drives have no counters: they are absent, not zero.
  const counted = uncounted
    ? await more(['GETLOGS', controller, 'DEVICE'], (said) => deviceErrorsOf(parseLog(said)))
    : undefined
  for (const located of config.drives) yield counted ? withErrors(located, counted) : located.drive
  if (!config.whole)
    throw new ParseError(`Cannot read controller "${controller}" to its end: arcconf ended early`)
  yield { complete: config.owner }
}

/** Asks for what a controller may do without: undefined, and reported, when it fails. Once it hangs it is not asked more. */
function asker(context: VendorContext) {
  let hung = false
  return async <T>(args: readonly string[], parse: (text: string) => T): Promise<T | undefined> => {
    if (hung) return undefined
    try {
      return parse(await ask(context, args))
    } catch (error) {
      context.signal.throwIfAborted()
      if (!(error instanceof Error)) throw error
      hung = isHung(error)
      if (!isUnsupported(error)) context.skip(error)
      return undefined
    }
  }
}

function isHung(error: unknown): boolean {
  return error instanceof CommandError && error.timedOut
}
