/** Every collector, in the order the pages show them. */
import type { Collector } from '../src/model.ts'
import { edac } from './edac/edac.ts'
import { fabric } from './fabric/fabric.ts'
import { fibrechannel } from './fibrechannel/fibrechannel.ts'
import { files } from './files/files.ts'
import { host } from './host/host.ts'
import { inventory } from './host/inventory.ts'
import { infiniband } from './infiniband/infiniband.ts'
import { ipmi } from './ipmi/ipmi.ts'
import { journald } from './journald/journald.ts'
import { kmsg } from './kmsg/kmsg.ts'
import { md } from './md/md.ts'
import { nvme } from './nvme/nvme.ts'
import { nvmecli } from './nvme/tool.ts'
import { exec } from './plugins/exec.ts'
import { textfile } from './plugins/textfile.ts'
import { pstore } from './pstore/pstore.ts'
import { raid } from './raid/raid.ts'
import { root } from './root/root.ts'
import { sas } from './sas/sas.ts'
import { smartctl } from './smartctl/smartctl.ts'
import { zram } from './zram/zram.ts'

const known: readonly Collector[] = [
  zram,
  root,
  host,
  inventory,
  raid,
  md,
  sas,
  fibrechannel,
  infiniband,
  fabric,
  edac,
  smartctl,
  nvme,
  nvmecli,
  ipmi,
  kmsg,
  journald,
  pstore,
  files,
]

/** What plug-ins may not call their own. */
const declared = new Set(known.flatMap(({ metrics }) => metrics.map(({ name }) => name)))

export const collectors: readonly Collector[] = [...known, textfile(declared), exec(declared)]
