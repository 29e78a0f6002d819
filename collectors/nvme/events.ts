/** The events of nvme. */
import { driveAttributes } from '../../src/event-types.ts'

export const nvmeEvents = [
  {
    name: 'nvme.controller',
    when: 'A controller changes its state, or goes.',
    states: ['live', 'new', 'resetting', 'connecting', 'deleting', 'dead', 'gone'],
    attributes: { ...driveAttributes, controller: 'its number in the subsystem (cntlid)' },
  },
] as const
