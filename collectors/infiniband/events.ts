/** The events of infiniband. */
const attributes = {
  device: 'the adapter, `mlx5_0`',
  port: 'its number, from 1',
  guid: "the adapter's node GUID",
  link_layer: '`InfiniBand` or `Ethernet`',
} as const

export const infinibandEvents = [
  {
    name: 'infiniband.port',
    when: 'A port changes its logical state, is switched off, or goes with its adapter.',
    states: [
      'active',
      'down',
      'init',
      'armed',
      'disabled',
      'state-<number>',
      'gone',
      'other words of the kernel',
    ],
    attributes,
  },
  {
    name: 'infiniband.link',
    when: 'An active link has another rate or width than before; below the best it could have is unhealthy.',
    states: ['<rate>-gbit-<lanes>x', '<rate>-gbit-<lanes>x-below-<best rate>-gbit-<best lanes>x'],
    attributes,
  },
  {
    name: 'infiniband.errors',
    when: 'A port counts many link errors within a minute, and when that ends.',
    states: ['burst', 'quiet'],
    attributes,
  },
] as const
