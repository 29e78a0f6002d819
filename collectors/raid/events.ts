/** The events of RAID cards and of md. */
const where = {
  vendor: '`broadcom`, `adaptec`, `areca`, `3ware`, `hpe`, `lsi`, `marvell` or `md`',
  controller: 'as its tool numbers it',
  controller_serial: 'of the card, where its tool says it',
  status: "the state in the tool's own words (docs/raid-words.md)",
} as const
const model = 'of the part'
const serial = 'of the part'

/** Changes of states, which all have in common. */
export const raidStateEvents = [
  {
    name: 'raid.controller',
    when: 'A card changes its state, or is not listed any more.',
    states: ['optimal', 'degraded', 'failed', 'unknown'],
    attributes: { ...where, model },
  },
  {
    name: 'raid.array',
    when: 'An array changes its state, or is not listed any more.',
    states: [
      'optimal',
      'partially-degraded',
      'degraded',
      'failed',
      'offline',
      'rebuilding',
      'initialising',
      'checking',
      'unknown',
    ],
    attributes: {
      ...where,
      array: 'as its tool numbers it',
      level: '`RAID5`, …',
      name: 'that somebody gave it',
      device: 'in /dev',
    },
  },
  {
    name: 'raid.drive',
    when: 'A drive of a card changes its state, or is not listed any more.',
    states: [
      'online',
      'hot-spare',
      'unconfigured',
      'jbod',
      'rebuilding',
      'predictive-failure',
      'foreign',
      'offline',
      'failed',
      'missing',
      'unknown',
    ],
    attributes: {
      ...where,
      enclosure: 'as its tool numbers it; empty without one',
      slot: 'in the enclosure',
      array: 'that it is in',
      model,
      serial,
    },
  },
  {
    name: 'raid.battery',
    when: 'The battery or capacitor of a card changes its state, or goes.',
    states: ['optimal', 'learning', 'charging', 'degraded', 'failed', 'missing', 'unknown'],
    attributes: { ...where, technology: '`battery`, `supercap`, …', model, serial },
  },
] as const

/** Entries of the logs that cards keep themselves. */
export const raidLogEvents = [
  {
    name: 'raid.log',
    when: 'An entry of the log that a card keeps (Broadcom, 3ware).',
    attributes: {
      vendor: where.vendor,
      controller: where.controller,
      controller_serial: where.controller_serial,
      '*': "further words of the tool's, under its own names",
    },
  },
  {
    name: 'raid.log.<log>',
    when: 'An entry of a log of an Adaptec card: `device`, `dead`, `event`.',
    attributes: {
      vendor: where.vendor,
      controller: where.controller,
      'adaptec.*': "the entry's attributes as arcconf prints them",
    },
  },
] as const
