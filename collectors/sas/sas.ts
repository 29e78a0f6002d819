/**
 * sas: what Linux knows of SAS: the phys of adapters and expanders with their error counters and link rates, hosts, end
 * devices and expanders. An event tells of a phy that loses its link or comes up slower than it was.
 * @see Linux drivers/scsi/scsi_transport_sas.c
 */
import { describe } from '../../src/errors.ts'
import { type Collector, gauge, type Labels } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'
import {
  isEnabled,
  parseLinkRate,
  phyCounters,
  phyEnabled,
  phyInfo,
  phyLinkRate,
  phyRateLabels,
} from './phy.ts'
import { phyState } from './states.ts'

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

export const sas: Collector = {
  name: 'sas',
  metrics: [phyInfo, phyEnabled, phyLinkRate, ...phyCounters, hosts, endDevices, expanders],
  async probe({ sys }) {
    if ((await sys.list('class/sas_host')).length + (await sys.list('class/sas_phy')).length > 0)
      return { here: true }
    return { here: false, why: 'no SAS host is in /sys/class/sas_host' }
  },
  async *collect({ sys, skip, previous }) {
    const read = reader(sys, skip)
    for (const host of await sys.list('class/sas_host'))
      yield {
        metric: hosts,
        value: 1,
        labels: { host, driver: await read(`class/scsi_host/${host}/proc_name`) },
      }
    for (const phy of await sys.list('class/sas_phy')) {
      const at = `class/sas_phy/${phy}`
      const labels = { phy }
      const address = await read(`${at}/sas_address`)
      const more = { sas_address: address, device_type: await read(`${at}/device_type`) }
      yield { metric: phyInfo, value: 1, labels: { ...labels, ...more } }
      const enabled = isEnabled(await read(`${at}/enable`))
      if (enabled !== undefined) yield { metric: phyEnabled, value: Number(enabled), labels }
      const rates: Record<string, number> = {}
      for (const [rate, file] of Object.entries(phyRateLabels)) {
        const value = parseLinkRate(await read(`${at}/${file}`))
        if (value === undefined) continue
        rates[rate] = value
        yield { metric: phyLinkRate, value: value / 8, labels: { ...labels, rate } }
      }
      for (const metric of phyCounters) {
        const text = await read(`${at}/${metric.source}`)
        if (/^\d{1,15}$/.test(text)) yield { metric, value: Number(text), labels }
      }
      const part = `sas:${address || 'host'}:${phy}`
      yield phyState(
        { part, phy, enabled, negotiated: rates.negotiated, text: await read(`${at}/negotiated_linkrate`) },
        previous(part),
      )
    }
    for (const device of await sys.list('class/sas_end_device')) {
      const more = await devicesLabels(`class/sas_device/${device}`, read)
      yield { metric: endDevices, value: 1, labels: { device, ...more } }
    }
    for (const device of await sys.list('class/sas_expander')) {
      const at = `class/sas_expander/${device}`
      const labels = {
        device,
        vendor: await read(`${at}/vendor_id`),
        model: await read(`${at}/product_id`),
        revision: await read(`${at}/product_rev`),
        sas_address: await read(`class/sas_device/${device}/sas_address`),
      }
      yield { metric: expanders, value: 1, labels }
    }
  },
}

type Read = (path: string) => Promise<string>

/** Reads a line, trimmed; empty where the file is missing or answers with an error, which is common and its own part. */
function reader(sys: Tree, skip: (error: Error) => void): Read {
  return async (path) => {
    try {
      return ((await sys.line(path)) ?? '').trim()
    } catch (error) {
      skip(new Error(`Cannot read "${path}": ${describe(error)}`))
      return ''
    }
  }
}

async function devicesLabels(at: string, read: Read): Promise<Labels> {
  return {
    sas_address: await read(`${at}/sas_address`),
    enclosure: await read(`${at}/enclosure_identifier`),
    bay: await read(`${at}/bay_identifier`),
    protocols: await read(`${at}/target_port_protocols`),
  }
}
