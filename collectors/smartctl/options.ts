/** The options of smartctl. */
import * as z from 'zod'
import { durationOr, durationSeconds } from '../../src/duration.ts'
import type { Settings } from './round.ts'
import { devicePattern, typePattern } from './scan.ts'

export const options = z.strictObject({
  scan: z.boolean().default(true).describe('Asks every device that `smartctl --scan` finds.'),
  devices: z
    .array(
      z.strictObject({
        device: z.string().regex(devicePattern).describe('The path of a device: `/dev/sg0`.'),
        type: z.string().regex(typePattern).default('auto').describe('As for `smartctl -d`: `cciss,0`.'),
      }),
    )
    .max(1024)
    .default([])
    .describe('Drives that the scan does not find, such as those behind cciss and Areca controllers.'),
  deadline_seconds: z
    .number()
    .min(1)
    .max(300)
    .default(45)
    .describe(
      'How long one drive may take before it is passed over; one that is dying may take half a minute.',
    ),
  initial: z
    .string()
    .regex(durationOr('all'))
    .default('24h')
    .describe(
      "How far back the drives' error and self-test logs are taken when they are read for the first time: `all` or a duration (`24h`), by the drive's power-on hours; an entry that tells none is taken.",
    ),
})
type Options = z.output<typeof options>

/** How the rounds are run. */
export function settingsOf({ scan, devices, deadline_seconds }: Options): Settings {
  return {
    scan,
    deadlineSeconds: deadline_seconds,
    devices: devices.map(({ device, type }) => ({ name: device, type })),
  }
}

/** @returns how old an entry may be; undefined for all */
export function initialSeconds({ initial }: Options): number | undefined {
  return durationSeconds(initial)
}
