/** The events of fabric. */
const guid = 'of the device'
const port = 'its number'

export const fabricEvents = [
  {
    name: 'fabric.link',
    when: 'A link between two switches or adapters goes, comes back, or falls short of its best.',
    states: ['active', 'degraded', 'inactive', 'down'],
    attributes: {
      guid,
      port,
      remote_guid: 'of the device at the other end',
      remote_port: 'its number there',
    },
  },
  {
    name: 'fabric.errors',
    when: 'A port has counted many link errors since the last reading, and when that ends.',
    states: ['burst', 'quiet'],
    attributes: { guid, port, device: 'its description' },
  },
] as const
