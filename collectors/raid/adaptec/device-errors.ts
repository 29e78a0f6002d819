/** arcconf GETLOGS n DEVICE: what the controller counted on each drive, for firmware that does not say so elsewhere. */
import type { Drive } from '../report.ts'
import { type ControllerLog, wordOf } from './log.ts'
import type { ErrorCounts, Located } from './physical.ts'
import { countOf, sumOf } from './values.ts'

export interface Counted extends ErrorCounts {
  /** Of entries without a channel. */
  readonly serial: string | undefined
  readonly channelDevice: string | undefined
}

export function deviceErrorsOf(log: ControllerLog): Counted[] {
  return log.entries
    .filter(({ name }) => name === 'driveErrorEntry')
    .map((entry) => {
      const channel = wordOf(entry, 'channelID')
      const device = wordOf(entry, 'deviceID')
      const count = (name: string) => countOf(wordOf(entry, name))
      return {
        serial: wordOf(entry, 'serialNumber') || undefined,
        channelDevice: channel !== undefined && device !== undefined ? `${channel},${device}` : undefined,
        mediaErrors: count('mediumErrors'),
        otherErrors: sumOf(...['numParityErrors', 'linkFailures', 'hwErrors', 'abortedCmds'].map(count)),
      }
    })
}

/**
 * The log lists only drives with errors: the others have none. A drive that was replaced stays in it, so that where
 * it says a serial number, that alone decides.
 */
export function withErrors({ drive, channelDevice }: Located, counted: readonly Counted[]): Drive {
  if (drive.mediaErrors !== undefined || drive.otherErrors !== undefined) return drive
  const found = counted.find((one) =>
    one.serial === undefined ? one.channelDevice === channelDevice : one.serial === drive.serial,
  )
  return { ...drive, mediaErrors: found?.mediaErrors ?? 0, otherErrors: found?.otherErrors ?? 0 }
}
