/** The real tools on a simulated fabric of twelve nodes and two switches, under the collector. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fabric } from '../../../collectors/fabric/fabric.ts'
import { startIbsim } from '../../ibsim.ts'
import { collectOnce, contextOf } from '../context.ts'

test('fabric reads a fabric of twelve nodes and two switches; injected errors and an unplugged port are one event each', async () => {
  await using ibsim = await startIbsim()
  const known = new Map<string, string>()
  const base = contextOf({ path: ibsim.path, options: { scan: true, hcas: true }, states: known })
  /** Reads, and gives the changes of state as the engine makes events of them. */
  const read = async () => {
    const { series, states } = await collectOnce(fabric, base)
    const changes = states.filter(
      ({ part, state, healthy }) => (known.get(part) ?? (healthy ? state : 'unknown')) !== state,
    )
    for (const { part, state } of states) known.set(part, state)
    return { series, changes: changes.map(({ part, state }) => `${part} ${state}`), states }
  }
  const first = await read()
  assert.deepEqual(base.skipped, [])
  const count = (name: string) => [...first.series.keys()].filter((key) => key.startsWith(name)).length
  assert.deepEqual(
    [
      'infiniband_switch_info',
      'infiniband_hca_info',
      'infiniband_switch_uplink_info',
      'infiniband_hca_uplink_info',
    ].map(count),
    [2, 12, 14, 12],
  )
  assert.equal(first.states.length, 13, 'a state for each link, once')
  // The simulator's links run at SDR and say that they could do more.
  assert.equal(first.changes.length, 13)
  assert.ok(first.changes.every((change) => change.endsWith(' degraded')))
  const key = (kind: string, guid: string, port: number) =>
    `infiniband_${kind}{guid="${guid}",port="${port}"}`
  const node1 = '0x0000000000100001'
  assert.equal(first.series.get(key('hca_port_symbol_error_total', node1, 1)), 0)
  assert.ok(
    (first.series.get(key('switch_port_transmit_data_bytes_total', '0x0000000000200000', 36)) ?? 0) > 0,
  )
  assert.equal(first.series.get(`infiniband_switch_rate_bytes_per_second{guid="0x0000000000200000"}`), 1e9)

  assert.deepEqual((await read()).changes, [], 'nothing has changed')

  await ibsim.command('PerformanceSet "node01 mlx5_0"[1] PortCounters.SymbolErrorCounter=1234')
  const errors = await read()
  assert.equal(errors.series.get(key('hca_port_symbol_error_total', node1, 1)), 1234)
  assert.deepEqual(errors.changes, [`errors:${node1}:1 burst`])
  assert.equal(first.series.get('infiniband_fabric_nodes_checked'), 14)
  assert.equal(
    errors.series.get('infiniband_fabric_nodes_bad'),
    (first.series.get('infiniband_fabric_nodes_bad') ?? 0) + 1,
  )
  assert.equal(
    errors.series.get('infiniband_fabric_port_over_threshold{guid="0x0000000000100001",port="1"}'),
    1,
  )
  assert.deepEqual((await read()).changes, [`errors:${node1}:1 quiet`])

  // One that iblinkinfo leaves out, as when a query to its switch is lost, is not down while the topology shows it.
  await ibsim.wrap('iblinkinfo', '| grep -v 0x000000000010000d')
  const partial = await read()
  assert.equal(partial.states.filter(({ event }) => event === 'fabric.link').length, 12)
  assert.deepEqual(partial.changes, [])
  await ibsim.wrap('iblinkinfo', '')

  await ibsim.command('Unlink "Leaf2"[1]')
  const down = await read()
  assert.equal(down.changes.length, 1, down.changes.join('\n'))
  assert.match(down.changes[0] ?? '', /^link:0x000000000010000d:1:0x0000000000200001:1 down$/)
  assert.deepEqual((await read()).changes, [])
  await ibsim.command('ReLink "Leaf2"[1]')
  let back = await read()
  for (let tries = 0; back.changes.length === 0 && tries < 20; tries++) back = await read()
  assert.match(
    back.changes[0] ?? '',
    /^link:0x000000000010000d:1:0x0000000000200001:1 (?:inactive|degraded)$/,
  )
})

test('fabric is asked by the node that is told to, where the tools are; without a port it says so', async () => {
  const why = async (machine: Parameters<typeof contextOf>[0]) => {
    const found = await fabric.probe?.(contextOf(machine))
    return found?.here === false ? found.why : 'here'
  }
  assert.equal(await why({ options: {} }), '`scan` is off: another node may ask the fabric')
  assert.equal(
    await why({ options: { scan: true }, path: '/nowhere' }),
    'ibnetdiscover (infiniband-diags) is not installed',
  )
  assert.equal(await why({ options: { scan: true } }), 'here')
  await assert.rejects(
    collectOnce(fabric, contextOf({ options: { scan: true } })),
    /^(?:ToolError|CommandError|ParseError): Cannot (?:run|parse) ibstat/,
  )
})
