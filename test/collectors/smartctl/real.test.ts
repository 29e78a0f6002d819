/** The real tools, on a machine that need not have a drive they can read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { smartctlCollector } from '../../../collectors/smartctl/smartctl.ts'
import { findTools, withTool } from '../../../src/tool.ts'
import { collectOnce, contextOf } from '../context.ts'

test('smartctl itself is found, scans, and says why it cannot read what is no drive', async () => {
  const devices = [{ device: '/dev/null' }, { device: '/dev/no-such-drive', type: 'sat' }]
  const context = contextOf({ options: { scan: false, devices } })
  const collector = smartctlCollector()
  assert.deepEqual(await collector.probe?.(context), { here: true })
  const { series } = await collectOnce(collector, context)
  assert.deepEqual(
    context.skipped.map(({ message }) => message),
    [
      'Cannot read the drive "/dev/null" [auto]: /dev/null: Unable to detect device type',
      'Cannot read the drive "/dev/no-such-drive" [sat]: Smartctl open device: /dev/no-such-drive [SAT] failed: No such device',
    ],
  )
  assert.equal(series.get('smartctl_devices'), 2)
  assert.equal(series.get('smartctl_device_smartctl_exit_status{device="null"}'), 1)
  assert.equal(series.get('smartctl_device_smartctl_exit_status{device="no-such-drive"}'), 2)
  assert.ok([...series.keys()].some((key) => key.startsWith('smartctl_version{')))
  // The scan of this machine, whatever drives it has.
  const scanned = await collectOnce(smartctlCollector(), contextOf())
  assert.ok((scanned.series.get('smartctl_devices') ?? -1) >= 0)
})

test('nvme-cli itself tells its version as it is read', async () => {
  const context = contextOf()
  const [tool] = await findTools({ family: 'nvme', names: ['nvme'], folders: [] }, context)
  assert.ok(tool)
  const { stdout } = await withTool(tool, context, ({ exec }) => exec(['version']))
  assert.match(stdout.toString(), /^nvme version \d+\.\d+/)
})
