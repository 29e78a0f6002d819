import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCounters } from '../../../collectors/fabric/counters.ts'
import { leadsIntoFabric, parseIbstat } from '../../../collectors/fabric/ibstat.ts'
import { nameOf, parseLinks } from '../../../collectors/fabric/links.ts'
import { counterSamples, deviceSamples, linkErrors } from '../../../collectors/fabric/metrics.ts'
import { parseQueryErrors } from '../../../collectors/fabric/query-errors.ts'
import { parseTopology } from '../../../collectors/fabric/topology.ts'
import { ParseError } from '../../../src/errors.ts'
import { seriesKey } from '../../../src/model.ts'
import { checkCaptures } from '../../captures.ts'

const read = (path: string) => readFileSync(path, 'utf8')

checkCaptures('infiniband/ibnetdiscover', {
  'treydock-test.txt': (path) => {
    const devices = parseTopology(read(path))
    assert.deepEqual(
      devices.map(({ type, name, lid, rate, uplinks }) => [type, name, lid, rate, [...uplinks.keys()]]),
      [
        ['SW', 'ib-i4l1s01', '2052', 12.5e9, ['35']],
        ['CA', 'p0001', '1432', 12.5e9, ['1']],
        ['CA', 'o0002', '133', 12.5e9, ['1']],
        ['CA', 'o0001', '134', 12.5e9, ['1']],
        ['SW', 'ib-i1l1s01', '1719', 12.5e9, ['10', '11', '1']],
      ],
    )
  },
})
checkCaptures('infiniband/perfquery', {
  'treydock_0x506b4b03005c2740.txt': (path) => {
    const [one, ...more] = parseCounters(read(path))
    assert.equal(more.length, 0)
    assert.equal(one?.port, '1')
    assert.equal(one?.values.get('PortXmitDiscards'), 20046)
    assert.equal(one?.values.get('PortRcvSwitchRelayErrors'), 7)
    assert.equal(linkErrors(one?.values ?? new Map()), 1)
  },
  'treydock_0x7cfe9003003b4b96.txt': (path) => {
    const [one] = parseCounters(read(path))
    assert.equal(one?.values.get('PortXmitData'), 37_108_676_853_855)
    assert.equal(one?.values.get('PortMulticastRcvPkts'), 3_732_373_137)
  },
  'treydock_rcverr_0x506b4b03005c2740-1.txt': (path) => {
    const [one] = parseCounters(read(path))
    assert.deepEqual([one?.port, one?.values.get('PortLoopingErrors')], ['1', 0])
  },
})

checkCaptures('infiniband/ibstat', {
  'a100-all-active-0.txt': (path) => assert.deepEqual(local(path), [9, 9, 8, true]),
  'a100-ibpanic-exit255.txt': (path) => assert.deepEqual(local(path), [8, 8, 8, true]),
  'h100-all-active-0.txt': (path) => assert.deepEqual(local(path), [12, 12, 0, false]),
  'h100-some-down-0.txt': (path) => assert.deepEqual(local(path), [12, 9, 8, true]),
})

/** Ports, those active, those of InfiniBand, and whether one leads into a fabric. */
function local(path: string) {
  const ports = parseIbstat(read(path))
  return [
    ports.length,
    ports.filter(({ state }) => state === 'Active').length,
    ports.filter(({ linkLayer }) => linkLayer === 'InfiniBand').length,
    leadsIntoFabric(ports),
  ]
}

test('ibqueryerrors is whole only with its summary: without a manager it fails and exits with 0', () => {
  const text =
    'Errors for "n01 HCA-1"\n   GUID 0x100001 port 1: [SymbolErrorCounter == 1234]\n   GUID 0x100001 port ALL: [SymbolErrorCounter == 1234]\n\n## Summary: 7 nodes checked, 2 bad nodes found\n'
  assert.deepEqual(parseQueryErrors(text), {
    nodes: 7,
    badNodes: 2,
    ports: [{ guid: '0x0000000000100001', port: '1' }],
  })
  assert.throws(
    () => parseQueryErrors('Query SA failed: Connection timed out\n'),
    /expected a summary at its end$/,
  )
  assert.throws(() => parseIbstat("ibpanic: can't open\n"), /expected "CA 'name'"$/)
})

const topologyText = `CA     3  1 0x0000000000100001 4x HDR - SW     2  1 0x0000000000200000 ( 'n01 HCA-1' - 'leaf1' )
SW     2  1 0x0000000000200000 4x HDR - CA     3  1 0x0000000000100001 ( 'leaf1' - 'n01 HCA-1' )
SW     2 40 0x0000000000200000 2x NDR - SW     4 40 0x0000000000200001 ( 'leaf1' - 'leaf2' )
SW     2 37 0x0000000000200000 4x ???                                    'leaf1'
SW     2 38 0x0000000000200000 4x SDR                                    'leaf1'
`
const linksText = `0x0000000000100001 "                 n01 HCA-1"      3    1[  ] ==( 4X          53.125 Gbps Active/  LinkUp)==>  0x0000000000200000      2    1[  ] "leaf1" ( )
0x0000000000200000 "                     leaf1"      2    1[  ] ==( 4X          53.125 Gbps Active/  LinkUp)==>  0x0000000000100001      3    1[  ] "n01 HCA-1" ( )
0x0000000000200000 "                     leaf1"      2   37[  ] ==(                Down/ Polling)==>             [  ] "" ( )
0x0000000000200000 "                     leaf1"      2   40[  ] ==( 1X          53.125 Gbps Active/  LinkUp)==>  0x0000000000200001      4   40[  ] "leaf2" ( Could be 4X )
`
const countersText = `# Port extended counters: Lid 2 port 1 (CapMask: 0x5300 CapMask2: 0x0000002)
PortSelect:......................1
PortXmitData:....................1000
SymbolErrorCounter:..............7
# Port extended counters: Lid 2 port 40 (CapMask: 0x5300 CapMask2: 0x0000002)
PortSelect:......................40
PortXmitData:....................2000
`

test('a fabric becomes infiniband_exporter’s series: data in bytes, nodes by their name', () => {
  const devices = parseTopology(topologyText)
  const [, leaf] = devices
  assert.ok(leaf)
  const series = [
    ...devices.flatMap((device) => [...deviceSamples(device)]),
    ...counterSamples(leaf, parseCounters(countersText)),
  ]
  assert.deepEqual(
    series.map(({ metric, labels, value }) => [seriesKey(metric.name, labels), value]),
    [
      ['infiniband_hca_rate_bytes_per_second{guid="0x0000000000100001"}', 25e9],
      ['infiniband_hca_info{guid="0x0000000000100001",hca="n01",lid="3"}', 1],
      [
        'infiniband_hca_uplink_info{guid="0x0000000000100001",hca="n01",port="1",uplink="leaf1",uplink_guid="0x0000000000200000",uplink_lid="2",uplink_port="1",uplink_type="SW"}',
        1,
      ],
      ['infiniband_switch_rate_bytes_per_second{guid="0x0000000000200000"}', 25e9],
      ['infiniband_switch_info{guid="0x0000000000200000",lid="2",switch="leaf1"}', 1],
      [
        'infiniband_switch_uplink_info{guid="0x0000000000200000",port="1",switch="leaf1",uplink="n01",uplink_guid="0x0000000000100001",uplink_lid="3",uplink_port="1",uplink_type="CA"}',
        1,
      ],
      [
        'infiniband_switch_uplink_info{guid="0x0000000000200000",port="40",switch="leaf1",uplink="leaf2",uplink_guid="0x0000000000200001",uplink_lid="4",uplink_port="40",uplink_type="SW"}',
        1,
      ],
      ['infiniband_switch_port_transmit_data_bytes_total{guid="0x0000000000200000",port="1"}', 4000],
      ['infiniband_switch_port_symbol_error_total{guid="0x0000000000200000",port="1"}', 7],
      ['infiniband_switch_port_transmit_data_bytes_total{guid="0x0000000000200000",port="40"}', 8000],
    ],
  )
})

test('a link is one from both its ends, with what it could be', () => {
  assert.deepEqual(
    parseLinks(linksText).map(({ ends, width, state, couldBe }) => [nameOf(ends), width, state, couldBe]),
    [
      ['link:0x0000000000100001:1:0x0000000000200000:1', '4X', 'Active', ''],
      ['link:0x0000000000200000:40:0x0000000000200001:40', '1X', 'Active', 'Could be 4X'],
    ],
  )
  assert.equal(parseLinks(linksText.replaceAll('leaf1', 'Down/town')).length, 2, 'what a node is called')
})

test('other texts are told with what was expected; whatever is changed, the parsers give values or their own error', () => {
  assert.throws(
    () => parseTopology('ibwarn: no port\n'),
    /^ParseError: Cannot parse ibnetdiscover "ibwarn: no port": expected a line for each port$/,
  )
  assert.throws(
    () => parseTopology("CA 3 1 0x1 4x HDR - SW 2 ( 'a' - 'b' )\n"),
    /expected type, lid, port, GUID, width, speed and the other end$/,
  )
  assert.throws(() => parseLinks('nothing'), /expected a line for each port$/)
  assert.throws(() => parseCounters('nothing'), /expected "# Port … port N" and its counters$/)
  for (const [text, parse] of [
    [topologyText, parseTopology],
    [linksText, parseLinks],
    [countersText, parseCounters],
  ] as const) {
    const garbled = fc.oneof(
      fc
        .tuple(fc.nat(text.length), fc.string({ maxLength: 8, unit: 'binary' }))
        .map(([at, noise]) => text.slice(0, at) + noise + text.slice(at + noise.length)),
      fc.nat(text.length).map((at) => text.slice(0, at)),
      fc.string({ maxLength: 300, unit: 'binary' }),
    )
    fc.assert(
      fc.property(garbled, (input) => {
        try {
          assert.doesNotMatch(JSON.stringify(parse(input)), /null/, 'NaN is no value')
        } catch (error) {
          assert.ok(error instanceof ParseError, String(error))
        }
      }),
      { numRuns: 300 },
    )
    for (const huge of [
      `CA 1 ${' '.repeat(1 << 20)}' - '`,
      `${'='.repeat(1 << 20)}==(`,
      `# Port x port 1\n${'a'.repeat(1 << 20)}:.1`,
    ])
      try {
        parse(huge)
      } catch (error) {
        assert.ok(error instanceof ParseError)
      }
  }
})
