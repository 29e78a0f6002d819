/** What attributes of events mean that several collectors have. */

/** A drive, by what it says itself. */
export const driveAttributes = {
  device: 'its name in /dev',
  model: 'as the drive says it',
  serial: 'as the drive says it; where it says none, what stands for it',
} as const

/** Of what an NVMe drive's own log says, whichever tool read it (nvme-health.ts). */
export const nvmeHealthEvents = [
  {
    name: 'drive.nvme_warning',
    when: 'A bit of the critical warning is set or cleared.',
    states: ['on', 'off'],
    attributes: {
      ...driveAttributes,
      warning: '`spare`, `temperature`, `reliability`, `read_only`, `volatile_backup`, `persistent_memory`',
    },
  },
  {
    name: 'drive.media_errors',
    when: 'The drive has counted further data that it could not read.',
    states: ['the count of its whole life'],
    attributes: driveAttributes,
  },
  {
    name: 'drive.spare',
    when: 'The spare capacity falls below the threshold that the drive has for it.',
    states: ['ok', 'below-threshold'],
    attributes: {
      ...driveAttributes,
      spare_percent: 'what is left',
      threshold_percent: "the drive's own",
    },
  },
] as const

/** Events of the agent itself. */
export const agentEvents = [
  {
    name: 'remora.boot',
    when: 'Once in each boot, at the first start of the agent: what is known of how the last one ended.',
    attributes: {
      node: 'its name',
      boot_id: 'of this boot',
      ledger: 'the identity of the ledger',
      version: "the agent's",
      kernel: 'its release',
      'positions.*': 'where each source goes on, where that was found, and how many were left out for room',
      'last_boot.*':
        'how it ended (`ended`) and how that is known (`why`); its id, start and stop (RFC 3339); crash, watchdog, reset reason',
    },
  },
  {
    name: 'remora.spool_damaged',
    when: 'The spool could not be read and was replaced: how many records it held beyond those saved is unknown.',
    attributes: {},
  },
] as const
