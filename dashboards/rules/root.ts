/** Before the RAM root is full, and when it has failed. */
import { rule } from './rule.ts'

export const rootRules = [
  rule(
    'ZramFillHigh',
    'warning',
    '5m',
    'node_zram_fill_ratio > 0.85',
    '{{ $labels.device }} on {{ $labels.instance }} is {{ $value | humanizePercentage }} full ({{ $labels.constraint }})',
    'The zram device {{ $labels.device }} on {{ $labels.instance }} has used {{ $value | humanizePercentage }} of its {{ $labels.constraint }} for 5 minutes. At 100 % writes fail, and a root file system on it turns read-only.',
  ),
  rule(
    'ZramFillCritical',
    'critical',
    '1m',
    'node_zram_fill_ratio > 0.95',
    '{{ $labels.device }} on {{ $labels.instance }} is {{ $value | humanizePercentage }} full ({{ $labels.constraint }})',
    'The zram device {{ $labels.device }} on {{ $labels.instance }} has used {{ $value | humanizePercentage }} of its {{ $labels.constraint }}. Writes are about to fail, and a root file system on it to turn read-only.',
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
    'ZramPredictedFullSoon',
    'critical',
    '2m',
    'node_zram_fill_ratio > 0.5 and predict_linear(node_zram_fill_ratio[15m], 3600) >= 1 and predict_linear(node_zram_fill_ratio[5m], 3600) >= 1',
    '{{ $labels.device }} on {{ $labels.instance }} is full within an hour ({{ $labels.constraint }})',
    'At its present pace the zram device {{ $labels.device }} on {{ $labels.instance }} reaches its {{ $labels.constraint }} within an hour; it is {{ $value | humanizePercentage }} full now.',
  ),
  rule(
    'ZramFailedWrites',
    'critical',
    '0m',
    'increase(node_zram_failed_writes_total[15m]) > 0',
    'Writes to {{ $labels.device }} on {{ $labels.instance }} fail',
    'About {{ $value | humanize }} writes to the zram device {{ $labels.device }} on {{ $labels.instance }} failed in the last 15 minutes: there was no memory, or mem_limit was reached. What they carried is lost.',
  ),
  rule(
    'ZramCompressionCollapse',
    'warning',
    '15m',
    '(node_zram_compression_ratio{denominator="mem_used"} < 0.6 * avg_over_time(node_zram_compression_ratio{denominator="mem_used"}[1d]) or node_zram_compression_ratio{denominator="mem_used"} < 1.1) and on (cluster, job, instance, device) node_zram_orig_data_bytes > 64 * 1024 * 1024',
    '{{ $labels.device }} on {{ $labels.instance }} compresses only {{ $value | humanize }} to 1',
    'What is written to the zram device {{ $labels.device }} on {{ $labels.instance }} compresses badly: {{ $value | humanize }} bytes stored for each byte of memory, far below what it was over the last day. The same data takes more RAM.',
  ),
  // An image or a network root may be read-only by its nature.
  rule(
    'RootReadOnly',
    'critical',
    '1m',
    'node_filesystem_readonly{mountpoint="/"} == 1 unless on (cluster, job, instance) node_root_info{kind=~"squashfs|network"}',
    'The root of {{ $labels.instance }} is read-only',
    'The root file system of {{ $labels.instance }} ({{ $labels.fstype }} on {{ $labels.device }}) takes no writes. After a failed write the kernel does this by itself, even where /proc/mounts still says rw.',
  ),
  rule(
    'RootInodesHigh',
    'warning',
    '5m',
    '1 - node_filesystem_files_free{mountpoint="/"} / (node_filesystem_files{mountpoint="/"} > 0) > 0.9 or 1 - node_overlay_upper_files_free / (node_overlay_upper_files > 0) > 0.9',
    'The root of {{ $labels.instance }} has used {{ $value | humanizePercentage }} of its inodes',
    'The file system under / of {{ $labels.instance }} ({{ $labels.fstype }}) has used {{ $value | humanizePercentage }} of its inodes. Without a free one no file can be made, whatever room is left; on overlayfs the view of the root breaks.',
  ),
  rule(
    'RootOutgrowsMemory',
    'warning',
    '15m',
    'node_zram_growth_ratio > 1 and on (cluster, job, instance, device) node_zram_info{kind="root"}',
    'RAM of {{ $labels.instance }} ends before its root {{ $labels.device }} is full',
    'At its present compression the rest of the root device {{ $labels.device }} on {{ $labels.instance }} would take {{ $value | humanize }} times the memory that is available. df shows room that is not there.',
  ),
]
