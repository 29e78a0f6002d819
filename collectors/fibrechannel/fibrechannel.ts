/**
 * fibrechannel: the ports of Fibre Channel host bus adapters, under node_exporter's names (1.11), and an event when a
 * port's state changes, or it goes. Counters are hexadecimal; one with all bits set is not kept by the adapter.
 * @see Linux Documentation/ABI/testing/sysfs-class-fc_host
 */

import { ParseError } from '../../src/errors.ts'
import { lineReader, type ReadLine } from '../../src/line-reader.ts'
import { type Collector, deFacto, type Labels, type Metric, type StateReading } from '../../src/model.ts'
import { fibreChannelEvents } from './events.ts'

const folder = 'class/fc_host'
const label = ['fc_host']

function total(name: string, file: string, help: string): Metric {
  return deFacto(name, 'counter', 'none', `statistics/${file}`, help, label)
}

/** In the order in which node_exporter has them. */
const counters = [
  total('node_fibrechannel_dumped_frames_total', 'dumped_frames', 'Frames the port threw away.'),
  total('node_fibrechannel_error_frames_total', 'error_frames', 'Frames with errors.'),
  total('node_fibrechannel_invalid_crc_total', 'invalid_crc_count', 'Frames whose checksum was wrong.'),
  total('node_fibrechannel_rx_frames_total', 'rx_frames', 'Frames received.'),
  total('node_fibrechannel_rx_words_total', 'rx_words', 'Words of four bytes received.'),
  total('node_fibrechannel_tx_frames_total', 'tx_frames', 'Frames sent.'),
  total('node_fibrechannel_tx_words_total', 'tx_words', 'Words of four bytes sent.'),
  total(
    'node_fibrechannel_seconds_since_last_reset_total',
    'seconds_since_last_reset',
    'Seconds since the counters of the port began at zero.',
  ),
  total(
    'node_fibrechannel_invalid_tx_words_total',
    'invalid_tx_word_count',
    'Transmission words received that are not valid.',
  ),
  total('node_fibrechannel_link_failure_total', 'link_failure_count', 'Failures of the link.'),
  total(
    'node_fibrechannel_loss_of_sync_total',
    'loss_of_sync_count',
    'Times the port lost word synchronisation.',
  ),
  total('node_fibrechannel_loss_of_signal_total', 'loss_of_signal_count', 'Times the port saw no signal.'),
  total('node_fibrechannel_nos_total', 'nos_count', 'Not-operational sequences received.'),
  total('node_fibrechannel_fcp_packet_aborts_total', 'fcp_packet_aborts', 'FCP exchanges aborted.'),
]

/** Files of a host, each a label of the info series; port_id and names without `0x`, as node_exporter has them. */
const words = [
  'speed',
  'port_state',
  'port_type',
  'port_id',
  'port_name',
  'fabric_name',
  'symbolic_name',
  'supported_classes',
  'supported_speeds',
  'dev_loss_tmo',
] as const

const info = deFacto(
  'node_fibrechannel_info',
  'gauge',
  'info',
  folder,
  'The port: its names, addresses, speeds and state.',
  [...label, ...words],
)

const allOnes = 2n ** 64n - 1n

export const fibrechannel: Collector = {
  name: 'fibrechannel',
  metrics: [info, ...counters],
  events: fibreChannelEvents,

  async probe({ sys }) {
    if ((await sys.list(folder)).length > 0) return { here: true }
    return { here: false, why: 'no Fibre Channel host is in /sys/class/fc_host' }
  },
  async *collect({ sys, skip, known }) {
    const read = lineReader(sys, skip)
    const present = new Set<string>()
    for (const host of await sys.list(folder)) {
      const text = await readWords(read, `${folder}/${host}`)
      yield { metric: info, value: 1, labels: { fc_host: host, ...text } }
      const state = portState(host, text)
      present.add(state.part)
      yield state
      for (const metric of counters) {
        const value = await read(`${folder}/${host}/${metric.source}`, parseHexCounter)
        if (value !== undefined) yield { metric, value, labels: { fc_host: host } }
      }
    }
    yield* goneStates(known(), present)
  },
}

/** Every word, empty where the file is missing or the driver has no answer. */
async function readWords(read: ReadLine, host: string): Promise<Labels> {
  const found: Record<string, string> = {}
  for (const word of words) {
    const text = (await read(`${host}/${word}`)) ?? ''
    found[word] = /^(port_id|port_name|fabric_name)$/.test(word) ? text.replace(/^0x/, '') : text
  }
  return found
}

/** @returns undefined for a counter that the adapter does not keep. @throws {ParseError} unless it is hexadecimal */
export function parseHexCounter(text: string): number | undefined {
  if (!/^0x[0-9a-f]{1,16}$/i.test(text))
    throw new ParseError(`Cannot parse counter "${text}": expected 0x and up to 16 hexadecimal digits`)
  const value = BigInt(text)
  return value === allOnes ? undefined : Number(value)
}

/** Online, and what an operator has switched off, need nobody. */
const well = new Set(['online', 'bypassed', 'diagnostics', 'loopback'])

function portState(host: string, { port_state = '', port_name = '', speed = '' }: Labels): StateReading {
  const state = port_state.toLowerCase() || 'unknown'
  const healthy = well.has(state)
  return {
    part: `fc:${port_name || host}:port`,
    state,
    healthy,
    event: 'fibrechannel.port',
    severity: healthy ? 9 : 17,
    body: `Fibre Channel port ${host} (${port_name}) is ${state}${healthy ? ` at ${speed}` : ''}`,
    attributes: { fc_host: host, port_name },
  }
}

/** A driver gives up an adapter whose firmware died, ports and all. */
function goneStates(known: ReadonlyMap<string, string>, present: ReadonlySet<string>): StateReading[] {
  return [...known].flatMap(([part, state]) => {
    const [, port_name] = /^fc:(.+):port$/.exec(part) ?? []
    if (port_name === undefined || state === 'gone' || present.has(part)) return []
    return [
      {
        part,
        state: 'gone',
        healthy: false,
        event: 'fibrechannel.port',
        severity: 17,
        body: `Fibre Channel port ${port_name} is gone`,
        attributes: { port_name },
      },
    ]
  })
}
