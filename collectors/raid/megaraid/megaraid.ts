/**
 * Broadcom (LSI, Avago) MegaRAID and Dell PERC, and the HBAs that storcli shows: storcli and perccli speak JSON, MegaCli
 * text. The first of them that finds a controller is read.
 */
import type { RaidVendor, VendorContext, VendorItem } from '../vendor.ts'
import type { Card, Reading } from './card.ts'
import { megaraidMetrics } from './de-facto.ts'
import { deFactoSamples } from './de-facto-samples.ts'
import { readMegacliLogs, readStorcliLogs } from './logs.ts'
import { readMegacli } from './megacli/megacli.ts'
import { readStorcli } from './storcli/storcli.ts'

export const megaraid: RaidVendor = {
  family: 'megaraid',
  vendors: ['broadcom'],
  names: ['storcli64', 'storcli', 'perccli64', 'perccli', 'MegaCli64', 'MegaCli', 'megacli'],
  folders: [
    '/opt/MegaRAID/storcli',
    '/opt/MegaRAID/perccli',
    '/opt/MegaRAID/MegaCli',
    '/opt/lsi/storcli64',
    '/opt/lsi/storcli',
    '/opt/lsi/perccli',
    '/opt/lsi/MegaCli',
    '/opt/dell/perccli',
  ],
  metrics: megaraidMetrics,
  async *read(context) {
    const { cards, unread } = await readCards(context)
    for (const card of cards) yield* itemsOf(card)
    for (const one of unread) yield { unread: one }
  },
  readLogs: (context) =>
    speaksText(context.tool.name) ? readMegacliLogs(context) : readStorcliLogs(context),
}

function readCards(context: VendorContext): Promise<Reading> {
  return speaksText(context.tool.name) ? readMegacli(context) : readStorcli(context)
}

/** MegaCli, by whatever name a distribution installs it. */
function speaksText(name: string): boolean {
  return /^megacli/i.test(name)
}

function* itemsOf(card: Card): Generator<VendorItem> {
  const { vendor, controller, controllerSerial } = card.part
  yield card.part
  for (const { part } of card.volumes) yield part
  for (const { part } of card.disks) yield part
  yield* card.batteries
  yield* deFactoSamples(card)
  if (card.whole) yield { complete: { vendor, controller, controllerSerial } }
}
