/** The events of sas. */
export const sasEvents = [
  {
    name: 'sas.phy',
    when: 'A phy loses its link, gets one, or has it at another rate.',
    states: ['<rate>-gbit', 'down', 'disabled'],
    attributes: { phy: "the kernel's name, `phy-0:1`" },
  },
  {
    name: 'sas.host',
    when: 'An adapter goes that was there: its driver gave it up.',
    states: ['present', 'gone'],
    attributes: { sas_address: 'of the adapter', host: "the kernel's name, `host0`" },
  },
] as const
