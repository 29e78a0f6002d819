/**
 * An example of routing in Alertmanager: critical alerts at once, warnings gathered by node, and silence where one alert
 * says what others follow from.
 */

const node = ['cluster', 'job', 'instance']

export const routing = {
  route: {
    receiver: 'daytime',
    group_by: ['alertname', 'instance'],
    group_wait: '30s',
    group_interval: '5m',
    repeat_interval: '12h',
    routes: [
      { receiver: 'pager', matchers: ['severity = critical'], group_wait: '5s', repeat_interval: '1h' },
      // A fleet that is cut off is one message.
      {
        receiver: 'daytime',
        matchers: ['alertname = RemoraAbsent'],
        group_by: ['alertname'],
        group_wait: '2m',
      },
    ],
  },
  inhibit_rules: [
    // What is nearly full was full within the hour, and over 85 %, before.
    {
      source_matchers: ['alertname = ZramFillCritical'],
      target_matchers: ['alertname =~ "ZramFillHigh|ZramPredictedFull|ZramPredictedFullSoon"'],
      equal: [...node, 'device', 'constraint'],
    },
    {
      source_matchers: ['alertname = ZramPredictedFullSoon'],
      target_matchers: ['alertname = ZramPredictedFull'],
      equal: [...node, 'device', 'constraint'],
    },
    {
      source_matchers: ['alertname = RootReadOnly'],
      target_matchers: ['alertname =~ "RemoraSpoolNotWritable|RemoraSpoolInMemory"'],
      equal: node,
    },
    {
      source_matchers: ['alertname = RemoraSinkDown'],
      target_matchers: ['alertname = RemoraSinkLagging'],
      equal: [...node, 'sink'],
    },
    // A drive that has failed is why its array is degraded.
    {
      source_matchers: ['alertname =~ "RaidDriveFailed|RaidDriveMissing"'],
      target_matchers: ['alertname = RaidArrayDegraded'],
      equal: [...node, 'vendor', 'controller'],
    },
  ],
  receivers: [
    { name: 'pager', webhook_configs: [{ url: 'http://127.0.0.1:9999/pager' }] },
    { name: 'daytime', webhook_configs: [{ url: 'http://127.0.0.1:9999/daytime' }] },
  ],
}
