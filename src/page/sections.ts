/** The parts of the page that follow the status, in the order in which an operator needs them. */
import { collectorsSection } from './collectors.ts'
import { factsList } from './facts.ts'
import { hardwareSection } from './hardware.ts'
import type { Html } from './html.ts'
import { ledgerSection } from './ledger.ts'
import { sinksSection } from './sinks.ts'
import { summarySection } from './summary.ts'
import type { StatusView } from './view.ts'
import { zramSection } from './zram.ts'

export const sections: readonly (readonly [id: string, draw: (view: StatusView) => Html])[] = [
  ['facts', factsList],
  ['summary', summarySection],
  ['zram', zramSection],
  ['hardware', hardwareSection],
  ['sinks', sinksSection],
  ['ledger', ledgerSection],
  ['collectors', collectorsSection],
]
