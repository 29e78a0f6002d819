/** The dashboard RAID and drives: controllers, arrays, drives and batteries of every vendor, arrays of Linux, SMART and NVMe. */
import { type Dashboard, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board, choice, node } from './board.ts'
import { graph, table, timeline } from './panels.ts'

const chosen = `${node}, vendor=~"$vendor"`

/** One figure for each part out of a series for each state: 0 well, 1 busy, 2 less than it should be, 3 lost. */
function severity(
  metric: string,
  part: string,
  levels: readonly (readonly [factor: number, states: string])[],
): string {
  const terms = levels.map(([factor, states]) => `${factor} * ${metric}{${chosen}, state=~"${states}"}`)
  return `max by (${part}) (${terms.join(' or ')})`
}

export function raidAndDrives(): Dashboard {
  return board({
    uid: 'remora-raid-and-drives',
    title: 'RAID and drives',
    description: 'RAID controllers of every vendor in one family of metrics, arrays of Linux, and drives.',
    tags: ['raid', 'drives'],
    marks: '| event_name=~"raid.(controller|array|drive|battery)|drive.*|nvme.*|edac.*|ipmi.sensor"',
  })
    .withVariable(choice('vendor', 'Vendor', `label_values(raid_controller_info{${node}}, vendor)`))
    .withRow(new RowBuilder('RAID controllers'))
    .withPanel(
      timeline(
        {
          title: 'Arrays',
          description:
            'What each array has been. Busy: rebuilding, initialising, checking; or in a word nobody knows yet.',
          unit: 'none',
          queries: [
            [
              '{{instance}} {{vendor}} {{controller}} array {{array}}',
              severity('raid_array_state', 'instance, vendor, controller, array', [
                [3, 'failed|offline'],
                [2, 'degraded|partially-degraded'],
                [1, 'rebuilding|initialising|checking|unknown'],
                [0, 'optimal'],
              ]),
            ],
          ],
          span: 12,
        },
        [
          ['optimal', 'green'],
          ['busy', 'blue'],
          ['degraded', 'orange'],
          ['failed', 'red'],
        ],
      ),
    )
    .withPanel(
      timeline(
        {
          title: 'Drives that are not well',
          description: 'Drives that were rebuilding, about to fail, failed or missing in this time.',
          unit: 'none',
          queries: [
            [
              '{{instance}} {{vendor}} {{controller}} {{enclosure}}:{{slot}}',
              `${severity('raid_drive_state', 'instance, vendor, controller, enclosure, slot', [
                [3, 'failed|missing'],
                [2, 'predictive-failure|foreign'],
                [1, 'rebuilding|unknown'],
              ])} > 0`,
            ],
          ],
          span: 12,
        },
        [
          ['well', 'green'],
          ['busy', 'blue'],
          ['about to fail', 'orange'],
          ['failed', 'red'],
        ],
      ),
    )
    .withPanel(
      table(
        {
          title: 'Controllers',
          description: "Model and firmware, with the vendor's own word for the state.",
          unit: 'none',
          queries: [['', `raid_controller_info{${chosen}}`]],
          span: 12,
        },
        ['Value'],
      ),
    )
    .withPanel(
      table(
        {
          title: 'Drives',
          description: "What is in each slot, with the vendor's own word for the state.",
          unit: 'none',
          queries: [['', `raid_drive_info{${chosen}}`]],
          span: 12,
        },
        ['Value'],
      ),
    )
    .withPanel(
      graph({
        title: 'Rebuilding and checking',
        description: 'How far operations on arrays, drives and controllers are.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        queries: [
          [
            '{{instance}} {{vendor}} {{controller}} array {{array}} {{operation}}',
            `raid_array_progress_ratio{${chosen}}`,
          ],
          [
            '{{instance}} {{vendor}} {{controller}} {{enclosure}}:{{slot}} {{operation}}',
            `raid_drive_progress_ratio{${chosen}}`,
          ],
          [
            '{{instance}} {{vendor}} {{controller}} {{operation}}',
            `raid_controller_progress_ratio{${chosen}}`,
          ],
        ],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Errors of drives',
        description: 'Media and other errors that the controller has counted, within an hour.',
        unit: 'short',
        min: 0,
        queries: [
          [
            '{{instance}} {{vendor}} {{controller}} {{enclosure}}:{{slot}} media',
            `increase(raid_drive_media_errors_total{${chosen}}[1h])`,
          ],
          [
            '{{instance}} {{vendor}} {{controller}} {{enclosure}}:{{slot}} other',
            `increase(raid_drive_other_errors_total{${chosen}}[1h])`,
          ],
        ],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Temperatures',
        description: 'Controllers and drives behind them.',
        unit: 'celsius',
        queries: [
          [
            '{{instance}} {{vendor}} {{controller}} {{sensor}}',
            `raid_controller_temperature_celsius{${chosen}}`,
          ],
          [
            '{{instance}} {{vendor}} {{controller}} {{enclosure}}:{{slot}}',
            `raid_drive_temperature_celsius{${chosen}}`,
          ],
        ],
        span: 12,
      }),
    )
    .withPanel(
      timeline(
        {
          title: 'Batteries of write caches',
          description: 'Battery or capacitor; one that is absent is missing, not failed.',
          unit: 'none',
          queries: [
            [
              '{{instance}} {{vendor}} {{controller}} {{technology}}',
              severity('raid_battery_state', 'instance, vendor, controller, technology', [
                [3, 'failed'],
                [2, 'missing'],
                [1, 'learning|charging|unknown'],
                [0, 'optimal'],
              ]),
            ],
          ],
          span: 12,
        },
        [
          ['optimal', 'green'],
          ['busy', 'blue'],
          ['missing', 'orange'],
          ['failed', 'red'],
        ],
      ),
    )
    .withRow(new RowBuilder('Arrays of Linux'))
    .withPanel(
      timeline(
        {
          title: 'Running',
          description: 'Whether each md array runs; one that lost too many members does not.',
          unit: 'none',
          queries: [['{{instance}} {{device}}', `node_md_state{${node}, state="inactive"}`]],
          span: 6,
        },
        [
          ['running', 'green'],
          ['inactive', 'red'],
        ],
      ),
    )
    .withPanel(
      graph({
        title: 'Members missing',
        description: 'Members each md array lacks.',
        unit: 'none',
        min: 0,
        levels: { orange: 1, red: 2 },
        queries: [['{{instance}} {{device}}', `node_md_degraded{${node}}`]],
        span: 6,
      }),
    )
    .withPanel(
      graph({
        title: 'Progress',
        description: 'Of recovery, resync, reshape and check.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        queries: [['{{instance}} {{device}} {{operation}}', `node_md_sync_progress_ratio{${node}}`]],
        span: 6,
      }),
    )
    .withPanel(
      graph({
        title: 'Speed',
        description: 'Of recovery, resync, reshape and check.',
        unit: 'binBps',
        min: 0,
        queries: [['{{instance}} {{device}} {{operation}}', `node_md_sync_speed_bytes_per_second{${node}}`]],
        span: 6,
      }),
    )
    .withRow(new RowBuilder('Drives'))
    .withPanel(
      table(
        {
          title: 'Drives that fail their own judgement',
          description: 'SMART status; empty when all pass.',
          unit: 'none',
          levels: { orange: 0.5, red: 0.4, falling: true },
          queries: [['', `smartctl_device_smart_status{${node}} == 0`]],
          span: 6,
        },
        [],
      ),
    )
    .withPanel(
      graph({
        title: 'Temperatures of drives',
        description: 'As the drives say themselves.',
        unit: 'celsius',
        queries: [
          ['{{instance}} {{device}}', `smartctl_device_temperature{${node}, temperature_type="current"}`],
          ['{{instance}} {{device}}', `nvme_temperature_celsius{${node}}`],
        ],
        span: 6,
      }),
    )
    .withPanel(
      graph({
        title: 'Warnings of NVMe drives',
        description:
          'Bit mask: spare capacity 1, temperature 2, reliability 4, read-only 8, backup of its memory 16.',
        unit: 'none',
        min: 0,
        levels: { orange: 1, red: 4 },
        queries: [['{{instance}} {{device}}', `nvme_critical_warning{${node}}`]],
        span: 6,
      }),
    )
    .withPanel(
      graph({
        title: 'Wear of NVMe drives',
        description: "Life used by the maker's estimate, and spare capacity left.",
        unit: 'percentunit',
        min: 0,
        queries: [
          ['{{instance}} {{device}} used', `nvme_percentage_used_ratio{${node}}`],
          ['{{instance}} {{device}} spare', `nvme_available_spare_ratio{${node}}`],
        ],
        span: 6,
      }),
    )
    .build()
}
