/**
 * sas: what Linux knows of SAS: the phys of adapters and expanders with their error counters and link rates, hosts, end
 * devices and expanders. An event tells of a phy that loses its link or comes up slower than it was, and of an adapter
 * that is gone.
 * @see Linux drivers/scsi/scsi_transport_sas.c
 */

import { describe } from '../../src/errors.ts'
import {
  type CollectContext,
  type Collector,
  gauge,
  type Labels,
  type Sample,
  type StateReading,
} from '../../src/model.ts'
import { inParallel } from '../../src/parallel.ts'
import type { Tree } from '../../src/tree.ts'
import { sasEvents } from './events.ts'
import {
  isEnabled,
  parseLinkRate,
  phyCounters,
  phyEnabled,
  phyInfo,
  phyLinkRate,
  phyRateLabels,
} from './phy.ts'
import { goneHosts, hostState, phyPart, phyState } from './states.ts'

const hosts = gauge('node_sas_host_info', 'info', 'class/sas_host', 'A SAS host adapter.', ['host', 'driver'])
const endDevices = gauge(
  'node_sas_end_device_info',
  'info',
  'class/sas_end_device',
  'A disk or other end device on a SAS link.',
  ['device', 'sas_address', 'enclosure', 'bay', 'protocols'],
)
const expanders = gauge('node_sas_expander_info', 'info', 'class/sas_expander', 'A SAS expander.', [
  'device',
  'vendor',
  'model',
  'revision',
  'sas_address',
])

/**
 * Phys read at once: the kernel asks the firmware, or over the wire the expander, for each error counter. Of Node's
 * four threads some are left for others.
 */
const atOnce = 3

export const sas: Collector = {
  name: 'sas',
  metrics: [phyInfo, phyEnabled, phyLinkRate, ...phyCounters, hosts, endDevices, expanders],
  events: sasEvents,

  async probe({ sys }) {
    if ((await sys.list('class/sas_host')).length + (await sys.list('class/sas_phy')).length > 0)
      return { here: true }
    return { here: false, why: 'no SAS host is in /sys/class/sas_host' }
  },
  async *collect({ sys, skip, previous, known }) {
    const read = reader(sys, skip)
    /** By the kernel's name of a host or an expander, its SAS address. */
    const addresses = new Map<string, string>()
    for (const host of await sys.list('class/sas_host')) {
      const address = await read(`class/scsi_host/${host}/host_sas_address`)
      if (address !== '') addresses.set(host, address)
      const driver = await read(`class/scsi_host/${host}/proc_name`)
      yield { metric: hosts, value: 1, labels: { host, driver } }
      if (address !== '') yield hostState(address, host, driver)
    }
    yield* goneHosts(known(), new Set(addresses.values()))
    for (const device of await sys.list('class/sas_expander')) {
      const more = await expanderLabels(device, read)
      if (more.sas_address) addresses.set(device, more.sas_address)
      yield { metric: expanders, value: 1, labels: { device, ...more } }
    }
    const phys = await sys.list('class/sas_phy')
    for (const readings of await inParallel(phys, atOnce, (phy) => readPhy(phy, addresses, read, previous)))
      yield* readings
    const devices = await sys.list('class/sas_end_device')
    const labels = await inParallel(devices, atOnce, async (device) => ({
      device,
      ...(await deviceLabels(`class/sas_device/${device}`, read)),
    }))
    for (const one of labels) yield { metric: endDevices, value: 1, labels: one }
  },
}

type Read = (path: string) => Promise<string>

/** Reads a line, trimmed; empty where the file is missing or answers with an error, which is common and its own part. */
function reader(sys: Tree, skip: (error: Error) => void): Read {
  return async (path) => {
    try {
      // A driver without an answer may leave a byte of zero.
      return ((await sys.line(path)) ?? '').replace(/\p{Cc}/gu, '').trim()
    } catch (error) {
      skip(new Error(`Cannot read "${path}": ${describe(error)}`))
      return ''
    }
  }
}

async function readPhy(
  phy: string,
  addresses: ReadonlyMap<string, string>,
  read: Read,
  previous: CollectContext['previous'],
): Promise<(Sample | StateReading)[]> {
  const at = `class/sas_phy/${phy}`
  const labels = { phy }
  const identity = {
    sas_address: await read(`${at}/sas_address`),
    device_type: await read(`${at}/device_type`),
  }
  const readings: (Sample | StateReading)[] = [
    { metric: phyInfo, value: 1, labels: { ...labels, ...identity } },
  ]
  const enabled = isEnabled(await read(`${at}/enable`))
  if (enabled !== undefined) readings.push({ metric: phyEnabled, value: Number(enabled), labels })
  const texts: Record<string, string> = {}
  for (const [rate, file] of Object.entries(phyRateLabels)) {
    const text = await read(`${at}/${file}`)
    const value = parseLinkRate(text)
    texts[rate] = text
    if (value !== undefined)
      readings.push({ metric: phyLinkRate, value: value / 8, labels: { ...labels, rate } })
  }
  for (const metric of phyCounters) {
    const text = await read(`${at}/${metric.source}`)
    if (/^\d{1,15}$/.test(text)) readings.push({ metric, value: Number(text), labels })
  }
  const text = texts.negotiated ?? ''
  const part = phyPart(phy, addresses)
  readings.push(phyState({ part, phy, enabled, negotiated: parseLinkRate(text), text }, previous(part)))
  return readings
}

async function deviceLabels(at: string, read: Read): Promise<Labels> {
  return {
    sas_address: await read(`${at}/sas_address`),
    enclosure: await read(`${at}/enclosure_identifier`),
    bay: await read(`${at}/bay_identifier`),
    protocols: await read(`${at}/target_port_protocols`),
  }
}

async function expanderLabels(device: string, read: Read): Promise<Labels> {
  const at = `class/sas_expander/${device}`
  return {
    vendor: await read(`${at}/vendor_id`),
    model: await read(`${at}/product_id`),
    revision: await read(`${at}/product_rev`),
    sas_address: await read(`class/sas_device/${device}/sas_address`),
  }
}
