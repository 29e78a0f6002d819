/**
 * The alert rules. Each names the node (`instance`) and the part, and has its page in docs/runbooks, named like it.
 * They hold for scraped and for pushed samples alike.
 */

export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly labels: { readonly severity: 'warning' | 'critical' }
  readonly annotations: {
    readonly summary: string
    readonly description: string
    readonly runbook_url: string
  }
}

export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[]
}

function rule(
  alert: string,
  severity: 'warning' | 'critical',
  pending: string,
  expr: string,
  summary: string,
  description: string,
): AlertRule {
  const annotations = { summary, description, runbook_url: `docs/runbooks/${alert}.md` }
  return { alert, expr, for: pending, labels: { severity }, annotations }
}

export const rules: RuleFile = {
  groups: [
    {
      name: 'ephemeral-root',
      rules: [
        rule(
          'ZramFillHigh',
          'warning',
          '5m',
          'node_zram_fill_ratio > 0.85',
          '{{ $labels.device }} on {{ $labels.instance }} is {{ $value | humanizePercentage }} full ({{ $labels.constraint }})',
          'The zram device {{ $labels.device }} on {{ $labels.instance }} has used {{ $value | humanizePercentage }} of its {{ $labels.constraint }} for 5 minutes. At 100 % writes fail, and a root file system on it turns read-only.',
        ),
        // The hour says where it goes; the last quarter that it still does, and did not only jump.
        rule(
          'ZramPredictedFull',
          'warning',
          '10m',
          'node_zram_fill_ratio > 0.5 and predict_linear(node_zram_fill_ratio[1h], 4 * 3600) >= 1 and predict_linear(node_zram_fill_ratio[15m], 4 * 3600) >= 1',
          '{{ $labels.device }} on {{ $labels.instance }} is full within 4 hours ({{ $labels.constraint }})',
          'At its present pace the zram device {{ $labels.device }} on {{ $labels.instance }} reaches its {{ $labels.constraint }} within 4 hours; it is {{ $value | humanizePercentage }} full now.',
        ),
        rule(
          'ZramFailedWrites',
          'critical',
          '0m',
          'increase(node_zram_failed_writes_total[15m]) > 0',
          'Writes to {{ $labels.device }} on {{ $labels.instance }} fail',
          'About {{ $value | humanize }} writes to the zram device {{ $labels.device }} on {{ $labels.instance }} failed in the last 15 minutes: there was no memory, or mem_limit was reached. What they carried is lost.',
        ),
        // An image or a network root may be read-only by its nature.
        rule(
          'RootReadOnly',
          'critical',
          '1m',
          'node_filesystem_readonly{mountpoint="/"} == 1 unless on (job, instance) node_root_info{kind=~"squashfs|network"}',
          'The root of {{ $labels.instance }} is read-only',
          'The root file system of {{ $labels.instance }} ({{ $labels.fstype }} on {{ $labels.device }}) takes no writes. After a failed write the kernel does this by itself, even where /proc/mounts still says rw.',
        ),
      ],
    },
    {
      name: 'remora',
      rules: [
        rule(
          'RemoraAbsent',
          'warning',
          '5m',
          'group by (job, instance) (last_over_time(remora_build_info[1h])) unless group by (job, instance) (remora_build_info)',
          'Remora on {{ $labels.instance }} is silent',
          'Nothing has come from Remora on {{ $labels.instance }} for 5 minutes, after samples within the last hour. The node is down or cut off, or the agent has stopped.',
        ),
        rule(
          'RemoraSinkDown',
          'warning',
          '10m',
          'remora_sink_up == 0',
          'The sink {{ $labels.sink }} of {{ $labels.instance }} takes nothing',
          'Remora on {{ $labels.instance }} has not been able to deliver to its sink {{ $labels.sink }} for 10 minutes. What it holds is in RAM and ends with the node.',
        ),
        // A reason appears with its first loss, from which no increase can be told.
        rule(
          'RemoraRecordsLost',
          'warning',
          '0m',
          'increase(remora_records_lost_total[15m]) > 0 or (remora_records_lost_total > 0 unless remora_records_lost_total offset 15m)',
          'Records of {{ $labels.source }} on {{ $labels.instance }} are lost for the sink {{ $labels.sink }}',
          'About {{ $value | humanize }} records of {{ $labels.source }} on {{ $labels.instance }} will never reach the sink {{ $labels.sink }}: {{ $labels.reason }}.',
        ),
      ],
    },
  ],
}
