/** The events of smartctl. */
import { driveAttributes, nvmeHealthEvents } from '../../src/event-types.ts'

const count = 'the count'
const sectors = { ...driveAttributes, sectors: count }
const logged = {
  ...driveAttributes,
  power_on_hours: "the drive's, when it was written",
  'smartctl.entry': 'the entry as smartctl prints it, JSON',
} as const

export const smartctlEvents = [
  {
    name: 'drive.device',
    when: 'Another drive is behind a device than before.',
    states: ['the key of the drive'],
    attributes: driveAttributes,
  },
  {
    name: 'drive.present',
    when: 'A drive goes, or is there and cannot be read.',
    states: ['present', 'unreadable', 'gone'],
    attributes: driveAttributes,
  },
  {
    name: 'drive.health',
    when: "The drive's own health check fails: it may fail within a day.",
    states: ['passed', 'failing'],
    attributes: driveAttributes,
  },
  {
    name: 'drive.attribute',
    when: 'An attribute that foretells failure is at its threshold.',
    states: ['ok', 'failed'],
    attributes: {
      ...driveAttributes,
      attribute: 'its name',
      attribute_id: 'its number',
      value: 'normalised, as the drive has it',
      threshold: 'of that value',
    },
  },
  {
    name: 'drive.pending_sectors',
    when: 'Further sectors wait to be read again or written (attribute 197).',
    states: [count],
    attributes: sectors,
  },
  {
    name: 'drive.uncorrectable_sectors',
    when: 'Further sectors could not be read (attribute 198).',
    states: [count],
    attributes: sectors,
  },
  {
    name: 'drive.temperature',
    when: 'The drive is hotter than its own limit, until it is some degrees below.',
    states: ['ok', 'over-limit'],
    attributes: { ...driveAttributes, celsius: 'now', limit_celsius: "the drive's own" },
  },
  ...nvmeHealthEvents,
  {
    name: 'drive.error',
    when: "An entry of the drive's error log.",
    attributes: {
      ...logged,
      error_number: "the drive's number of it",
      command: 'that failed, where the log has it',
    },
  },
  {
    name: 'drive.self_test',
    when: "An entry of the drive's self-test log: a test has ended.",
    attributes: { ...logged, self_test: 'which test', result: 'how it ended' },
  },
  {
    name: 'drive.log_cleared',
    when: 'A log of the drive was cleared since it was last read.',
    attributes: { ...driveAttributes, log: '`error` or `self_test`' },
  },
] as const
