/**
 * The unit that starts the agent, where systemd runs the node. systemctl is given a root, so that it looks at files alone
 * and neither waits for nor wakes the manager.
 */
import type { Surroundings } from '../collect.ts'
import { describe } from '../errors.ts'
import { type Finding, ok, unknown, warning } from './finding.ts'

const folders = ['etc/systemd/system', 'run/systemd/system', 'usr/lib/systemd/system', 'lib/systemd/system']

export async function checkUnit({ host, run }: Pick<Surroundings, 'host' | 'run'>): Promise<Finding> {
  const check = 'unit'
  if (!(await host.exists('run/systemd/system')))
    return unknown(check, 'systemd does not run this node: what starts Remora at boot was not looked for')
  const there = await Promise.all(folders.map((folder) => host.exists(`${folder}/remora.service`)))
  const folder = folders[there.indexOf(true)]
  if (folder === undefined)
    return warning(
      check,
      'remora.service is not installed',
      'install systemd/remora.service: docs/life-of-a-boot.md',
    )
  const path = `/${folder}/remora.service`
  try {
    const args = [`--root=${host.root}`, 'is-enabled', 'remora.service']
    const { stdout, stderr } = await run({ program: 'systemctl', args })
    const state = stdout.toString('utf8').trim()
    if (/^enabled/.test(state)) return ok(check, `${path} is installed and ${state}`)
    if (!/^(disabled|masked|linked|bad)/.test(state))
      return unknown(check, `${path} is installed; whether it starts at boot is unknown: ${state || stderr}`)
    const todo = 'systemctl enable remora.service, in the image that the node boots'
    return warning(check, `${path} is installed and ${state}: it does not start by itself`, todo)
  } catch (error) {
    return unknown(check, `${path} is installed; whether it starts at boot is unknown: ${describe(error)}`)
  }
}
