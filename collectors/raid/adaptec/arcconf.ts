/**
 * Adaptec, Microchip, IBM ServeRAID: arcconf. Each controller is asked for its configuration, its tasks and, where
 * the configuration does not have them, the errors it counted on its drives. Exit codes say little: the text decides.
 */
import { CommandError, ParseError } from '../../../src/errors.ts'
import type { RaidVendor, VendorContext, VendorItem } from '../vendor.ts'
import { ask, listControllers } from './commands.ts'
import { parseConfig } from './config.ts'
import { type Counted, deviceErrorsOf, withErrors } from './device-errors.ts'
import { isUnsupported, parseLog } from './log.ts'
import { readLogs } from './read-logs.ts'
import { noTasks, parseStatus, type Tasks } from './status.ts'

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
    for (const controller of controllers) {
      try {
        yield* readController(context, controller)
        read += 1
      } catch (error) {
        context.signal.throwIfAborted()
        const hung = error instanceof CommandError && error.timedOut
        const none = read === 0 && controller === controllers.at(-1)
        if (hung || none || !(error instanceof Error)) throw error
        context.skip(error)
        yield { unread: controller }
      }
    }
  },
  readLogs,
}

async function* readController(context: VendorContext, controller: string): AsyncGenerator<VendorItem> {
  const text = await ask(context, ['GETCONFIG', controller, 'AL'])
  const tasks = await readTasks(context, controller)
  const config = parseConfig(text, controller, tasks, (error) => context.skip(error))
  yield* config.parts
  const uncounted = config.drives.some(
    ({ drive: { mediaErrors, otherErrors } }) => (mediaErrors ?? otherErrors) === undefined,
  )
  const counted = uncounted ? await readDeviceErrors(context, controller) : undefined
  for (const located of config.drives) yield counted ? withErrors(located, counted) : located.drive
  if (!config.whole)
    throw new ParseError(`Cannot read controller "${controller}" to its end: arcconf ended early`)
  yield { complete: config.owner }
}

/** Without its tasks a controller is read all the same. */
async function readTasks(context: VendorContext, controller: string): Promise<Tasks> {
  const skip = (error: Error) => context.skip(error)
  try {
    return parseStatus(await ask(context, ['GETSTATUS', controller]), skip)
  } catch (error) {
    return unread(context, error, noTasks)
  }
}

/** Without the log its drives have no counters: they are absent, not zero. */
async function readDeviceErrors(
  context: VendorContext,
  controller: string,
): Promise<readonly Counted[] | undefined> {
  try {
    const log = parseLog(await ask(context, ['GETLOGS', controller, 'DEVICE']))
    return deviceErrorsOf(log)
  } catch (error) {
    return unread(context, error, undefined)
  }
}

function unread<T>({ signal, skip }: VendorContext, error: unknown, instead: T): T {
  signal.throwIfAborted()
  if (!(error instanceof Error) || (error instanceof CommandError && error.timedOut)) throw error
  if (!isUnsupported(error)) skip(error)
  return instead
}
