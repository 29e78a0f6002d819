/** Every dashboard, by its file in Grafana's provisioning folder. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { ephemeralRoot } from './ephemeral-root.ts'
import { fleet } from './fleet.ts'
import { forwarding } from './forwarding.ts'
import { infinibandAndFc } from './infiniband-and-fc.ts'
import { logsBoard } from './logs.ts'
import { raidAndDrives } from './raid-and-drives.ts'
import { withRunbooks } from './runbook-links.ts'

export const dashboards: ReadonlyMap<string, Dashboard> = new Map([
  ['grafana/dashboards/remora/ephemeral-root.json', withRunbooks(ephemeralRoot())],
  ['grafana/dashboards/remora/fleet.json', withRunbooks(fleet())],
  ['grafana/dashboards/remora/raid-and-drives.json', withRunbooks(raidAndDrives())],
  ['grafana/dashboards/remora/infiniband-and-fc.json', withRunbooks(infinibandAndFc())],
  ['grafana/dashboards/remora/forwarding.json', withRunbooks(forwarding())],
  ['grafana/dashboards/remora/logs.json', withRunbooks(logsBoard())],
])
