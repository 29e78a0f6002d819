/** Every family of tools, in the order in which they are read. */
import { threeware } from './3ware/threeware.ts'
import { adaptec } from './adaptec/arcconf.ts'
import { areca } from './areca/areca.ts'
import { hpe } from './hpe/hpe.ts'
import { lsi } from './lsi/lsi.ts'
import { marvell } from './marvell/marvell.ts'
import { megaraid } from './megaraid/megaraid.ts'
import type { RaidVendor } from './vendor.ts'

export const vendors: readonly RaidVendor[] = [megaraid, adaptec, hpe, lsi, threeware, areca, marvell]
