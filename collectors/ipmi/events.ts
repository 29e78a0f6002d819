/** The events of ipmi. */
export const ipmiEvents = [
  {
    name: 'ipmi.sensor',
    when: 'A sensor of the BMC changes its state.',
    states: ['nominal', 'warning', 'critical'],
    attributes: { sensor: 'its name', sensor_id: 'its record', type: '`Temperature`, `Fan`, …' },
  },
  {
    name: 'ipmi.sel',
    when: 'An entry of the system event log.',
    attributes: {
      'ipmi.record_id': 'its number in the log',
      'ipmi.sensor': 'the sensor it is of',
      'ipmi.type': 'of the sensor',
      'ipmi.state': '`nominal`, `warning`, `critical` or `unknown`',
      'ipmi.time': "as the log has it, by the BMC's clock; `none` before that was set",
    },
  },
  {
    name: 'ipmi.sel.cleared',
    when: 'The log was cleared, so that its numbers begin anew.',
    attributes: { 'ipmi.record_id': 'of the last entry read before' },
  },
] as const
