/** The events of edac. */
export const edacEvents = [
  {
    name: 'edac.memory_errors',
    when: 'A memory controller has counted further errors.',
    states: ['the count since its driver was loaded'],
    attributes: {
      kind: '`corrected` or `uncorrected`',
      controller: '`mc0`',
      csrow: 'where errors are counted by row: its name',
      channel: 'in the row',
      dimm: '`dimm3`; none for errors of no known module',
      dimm_label: "the module's place as the board names it",
    },
  },
  {
    name: 'edac.machine_checks',
    when: 'The CPUs had further machine checks.',
    states: ['the count since boot'],
    attributes: { kind: '`exceptions` or `deferred`' },
  },
  {
    name: 'edac.memory_failure',
    when: 'The kernel has met further pages with an uncorrected error.',
    states: ['the count since boot'],
    attributes: { node: 'of NUMA, `node0`' },
  },
] as const
