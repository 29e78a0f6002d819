import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { rules } from '../../dashboards/rules.ts'

const root = join(import.meta.dirname, '../..')
const file = join(root, 'dashboards/generated/remora.rules.yaml')

interface Firing {
  readonly labels: Readonly<Record<string, string>>
  readonly summary: string
  readonly description: string
}

interface Case {
  readonly alert: string
  /** What happens, for the reader. */
  readonly when: string
  /** Series and values in promtool's notation, one a minute. */
  readonly series: Readonly<Record<string, string>>
  readonly at: string
  readonly fires: readonly Firing[]
}

const node = 'job="remora",instance="n1"'
const fillOf = (constraint: string) =>
  `node_zram_fill_ratio{${node},device="zram0",constraint="${constraint}"}`

/** Each alert at the moment before it may fire, once it must, and where it must never. */
const cases: readonly Case[] = [
  {
    alert: 'ZramFillHigh',
    when: 'over 85 % for 4 minutes only',
    series: { [fillOf('mem_limit')]: '0.8 0.9x30', [fillOf('disksize')]: '0.2x31' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'ZramFillHigh',
    when: 'over 85 % for 5 minutes, by one constraint of two',
    series: { [fillOf('mem_limit')]: '0.8 0.9x30', [fillOf('disksize')]: '0.2x31' },
    at: '6m',
    fires: [
      {
        labels: { device: 'zram0', constraint: 'mem_limit' },
        summary: 'zram0 on n1 is 90% full (mem_limit)',
        description:
          'The zram device zram0 on n1 has used 90% of its mem_limit for 5 minutes. At 100 % writes fail, and a root file system on it turns read-only.',
      },
    ],
  },
  {
    alert: 'ZramFillHigh',
    when: 'dipping below 85 % within the 5 minutes',
    series: { [fillOf('mem_limit')]: '0.9 0.9 0.9 0.84 0.9 0.9 0.9 0.84 0.9 0.9' },
    at: '9m',
    fires: [],
  },
  {
    alert: 'ZramPredictedFull',
    when: 'growing 0.2 % a minute from 40 %: full in 4 hours, once past half',
    series: { [fillOf('memory')]: '0.4+0.002x200' },
    at: '75m',
    fires: [
      {
        labels: { device: 'zram0', constraint: 'memory' },
        summary: 'zram0 on n1 is full within 4 hours (memory)',
        description:
          'At its present pace the zram device zram0 on n1 reaches its memory within 4 hours; it is 55% full now.',
      },
    ],
  },
  {
    alert: 'ZramPredictedFull',
    when: 'growing as fast, but not yet half full',
    series: { [fillOf('memory')]: '0.2+0.004x70' },
    at: '70m',
    fires: [],
  },
  {
    alert: 'ZramPredictedFull',
    when: 'growing 0.05 % a minute from 55 %: not within 4 hours',
    series: { [fillOf('memory')]: '0.55+0.0005x120' },
    at: '100m',
    fires: [],
  },
  {
    alert: 'ZramPredictedFull',
    when: 'a jump from 30 % to 70 % half an hour ago and nothing since',
    series: { [fillOf('memory')]: '0.3x60 0.7x60' },
    at: '90m',
    fires: [],
  },
  {
    alert: 'ZramFailedWrites',
    when: 'no write has failed since an old failure',
    series: { [`node_zram_failed_writes_total{${node},device="zram0"}`]: '8x60' },
    at: '30m',
    fires: [],
  },
  {
    alert: 'ZramFailedWrites',
    when: 'nine writes failed just now',
    series: { [`node_zram_failed_writes_total{${node},device="zram0"}`]: '0x20 9x20' },
    at: '25m',
    fires: [
      {
        labels: { device: 'zram0' },
        summary: 'Writes to zram0 on n1 fail',
        description:
          'About 9 writes to the zram device zram0 on n1 failed in the last 15 minutes: there was no memory, or mem_limit was reached. What they carried is lost.',
      },
    ],
  },
  {
    alert: 'RootReadOnly',
    when: 'a writable root, and another mount that is read-only',
    series: {
      [`node_filesystem_readonly{${node},device="/dev/zram0",fstype="ext4",mountpoint="/"}`]: '0x20',
      [`node_filesystem_readonly{${node},device="/dev/sda1",fstype="ext4",mountpoint="/srv"}`]: '1x20',
      [`node_root_info{${node},kind="zram"}`]: '1x20',
    },
    at: '10m',
    fires: [],
  },
  {
    alert: 'RootReadOnly',
    when: 'a zram root that turned read-only',
    series: {
      [`node_filesystem_readonly{${node},device="/dev/zram0",fstype="ext4",mountpoint="/"}`]: '0x5 1x20',
      [`node_root_info{${node},kind="zram"}`]: '1x30',
    },
    at: '10m',
    fires: [
      {
        labels: { device: '/dev/zram0', fstype: 'ext4', mountpoint: '/' },
        summary: 'The root of n1 is read-only',
        description:
          'The root file system of n1 (ext4 on /dev/zram0) takes no writes. After a failed write the kernel does this by itself, even where /proc/mounts still says rw.',
      },
    ],
  },
  {
    alert: 'RootReadOnly',
    when: 'a squashfs root, which is read-only by its nature',
    series: {
      [`node_filesystem_readonly{${node},device="/dev/loop0",fstype="squashfs",mountpoint="/"}`]: '1x20',
      [`node_root_info{${node},kind="squashfs"}`]: '1x20',
    },
    at: '10m',
    fires: [],
  },
  {
    alert: 'RemoraAbsent',
    when: 'another version began to run, with no gap',
    series: {
      [`remora_build_info{${node},version="1"}`]: '1x10 stale',
      [`remora_build_info{${node},version="2"}`]: '_x10 1x40',
    },
    at: '30m',
    fires: [],
  },
  {
    alert: 'RemoraAbsent',
    when: 'one node of two fell silent 20 minutes ago',
    series: {
      [`remora_build_info{${node},version="1"}`]: '1x10 stale',
      'remora_build_info{job="remora",instance="n2",version="1"}': '1x60',
    },
    at: '31m',
    fires: [
      {
        labels: {},
        summary: 'Remora on n1 is silent',
        description:
          'Nothing has come from Remora on n1 for 5 minutes, after samples within the last hour. The node is down or cut off, or the agent has stopped.',
      },
    ],
  },
  {
    alert: 'RemoraSinkDown',
    when: 'a sink that is up',
    series: { [`remora_sink_up{${node},sink="tsdb"}`]: '1x30' },
    at: '20m',
    fires: [],
  },
  {
    alert: 'RemoraSinkDown',
    when: 'a sink down for 10 minutes',
    series: { [`remora_sink_up{${node},sink="tsdb"}`]: '1x5 0x30' },
    at: '20m',
    fires: [
      {
        labels: { sink: 'tsdb' },
        summary: 'The sink tsdb of n1 takes nothing',
        description:
          'Remora on n1 has not been able to deliver to its sink tsdb for 10 minutes. What it holds is in RAM and ends with the node.',
      },
    ],
  },
  {
    alert: 'RemoraRecordsLost',
    when: 'an old loss and none since',
    series: { [`remora_records_lost_total{${node},source="zram",sink="tsdb",reason="spool_full"}`]: '5x60' },
    at: '40m',
    fires: [],
  },
  {
    alert: 'RemoraRecordsLost',
    when: 'the first loss for this reason, with no earlier sample of it',
    series: {
      [`remora_records_lost_total{${node},source="zram",sink="tsdb",reason="spool_full"}`]: '_x20 5x20',
    },
    at: '25m',
    fires: [
      {
        labels: { source: 'zram', sink: 'tsdb', reason: 'spool_full' },
        summary: 'Records of zram on n1 are lost for the sink tsdb',
        description: 'About 5 records of zram on n1 will never reach the sink tsdb: spool_full.',
      },
    ],
  },
]

const all = rules.groups.flatMap((group) => group.rules)

function promtoolTest({ alert, series, at, fires }: Case) {
  const { labels, annotations } = all.find((rule) => rule.alert === alert) ?? {
    labels: {},
    annotations: undefined,
  }
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      {
        eval_time: at,
        alertname: alert,
        exp_alerts: fires.map(({ labels: part, summary, description }) => ({
          exp_labels: { job: 'remora', instance: 'n1', ...labels, ...part },
          exp_annotations: { summary, description, runbook_url: annotations?.runbook_url },
        })),
      },
    ],
  }
}

test('rules pass promtool check rules', () => {
  const checked = spawnSync('promtool', ['check', 'rules', '--lint-fatal', file], { encoding: 'utf8' })
  assert.equal(checked.status, 0, checked.stdout + checked.stderr)
  assert.match(checked.stdout, /SUCCESS: 7 rules found/)
})

test('rules fire when they must, in these words, and not when they must not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-rules-'))
  try {
    const path = join(folder, 'rules.test.yaml')
    await writeFile(
      path,
      JSON.stringify({ rule_files: [file], evaluation_interval: '1m', tests: cases.map(promtoolTest) }),
    )
    const tested = spawnSync('promtool', ['test', 'rules', path], { encoding: 'utf8' })
    assert.equal(tested.status, 0, tested.stdout + tested.stderr)
  } finally {
    await rm(folder, { recursive: true })
  }
  const shown = (fires: boolean) =>
    new Set(cases.filter((one) => one.fires.length > 0 === fires).map(({ alert }) => alert)).size
  console.log(`${cases.length} cases of ${all.length} alerts`)
  assert.equal(shown(true), all.length, 'every alert is seen to fire')
  assert.equal(shown(false), all.length, 'every alert is seen not to fire')
})

test('rules each have a runbook with its four parts', async () => {
  assert.equal(all.length, 7)
  for (const { alert, annotations } of all) {
    assert.equal(annotations.runbook_url, `docs/runbooks/${alert}.md`)
    const path = join(root, annotations.runbook_url)
    await access(path)
    const text = await readFile(path, 'utf8')
    assert.match(text, new RegExp(`^# ${alert}\n`))
    assert.deepEqual(
      [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading),
      ['What it means', 'How to look', 'What to do', 'Healthy'],
      alert,
    )
  }
})

test('rules name the node and the part in every summary', () => {
  for (const { annotations } of all) {
    assert.match(annotations.summary, /\$labels\.instance/)
    assert.match(annotations.description, /\$labels\.instance/)
  }
})
