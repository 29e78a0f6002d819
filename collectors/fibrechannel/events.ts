/** The events of fibrechannel. */
export const fibreChannelEvents = [
  {
    name: 'fibrechannel.port',
    when: 'A port changes its state, or goes with its adapter.',
    states: ['online', 'linkdown', 'offline', 'bypassed', 'diagnostics', 'gone', 'other words of the kernel'],
    attributes: { fc_host: "the kernel's name, `host6`", port_name: 'its world-wide port name' },
  },
] as const
