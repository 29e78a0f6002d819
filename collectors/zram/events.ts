/** The events of zram. */
const device = "the kernel's name, `zram0`"

export const zramEvents = [
  {
    name: 'zram.fill',
    when: 'Its fill crosses a threshold (`fill_thresholds`, percent), and falls below it by the hysteresis.',
    states: ['below', 'above-<percent>'],
    attributes: {
      device,
      constraint:
        "what fills first: `disksize`, `mem_limit`, the machine's `memory`, the `filesystem` on it, or its `inodes`",
      fill_ratio: 'used by most, 0 to 1',
    },
  },
  {
    name: 'zram.failed_writes',
    when: 'The device has failed further writes: their data is lost.',
    states: ['the count since the device was set up'],
    attributes: { device },
  },
  {
    name: 'zram.present',
    when: 'A device goes that was there.',
    states: ['present', 'gone'],
    attributes: { device },
  },
] as const
