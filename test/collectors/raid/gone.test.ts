import assert from 'node:assert/strict'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { raid } from '../../../collectors/raid/raid.ts'
import type { StateReading } from '../../../src/model.ts'
import { collectOnce, contextOf } from '../context.ts'
import { fixture } from './fuzz.ts'
import { answersOf, madeController } from './megaraid/answers.ts'
import { type Machine, machineWith } from './replay.ts'

/** An agent that runs on: what it was told stays known, on the same host. */
function agentOn({ path, folder }: Machine) {
  const states = new Map<string, string>()
  const context = contextOf({ path, folder, states })
  return async () => {
    const { states: read } = await collectOnce(raid, context)
    const gone = read.filter(({ part, state }) => states.get(part) !== state && state === 'failed')
    for (const { part, state } of read) states.set(part, state)
    return gone.map(({ part }: StateReading) => part)
  }
}

const asked = (answers: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(answers).map(([words, text]) => [
      `${words
        .replace('cALL_eALL_sALL', '/cALL/eALL/sALL')
        .replace(/^cALL_(?=v|cv)/, '/cALL/')
        .replace(/^cALL/, '/cALL')}_J_nolog`,
      text,
    ]),
  )

test('a controller is not gone because its tool is, whatever another tool of the family does not see', async (t) => {
  const machine = await machineWith(t, {
    storcli64: asked(answersOf([madeController(0, 2), madeController(1, 2)])),
    MegaCli64: { '-AdpAllInfo -aALL -NoLog': 'Controller Count: 0.\n\nExit Code: 0x00\n' },
  })
  const read = agentOn(machine)
  assert.deepEqual(await read(), [])
  await machine.answer('storcli64', asked(answersOf([madeController(0, 2)])))
  assert.deepEqual(await read(), ['raid:broadcom:SK93610001:controller'])
  await rm(join(machine.folder, 'bin/storcli64'))
  assert.deepEqual(await read(), [])
})

test('a Smart Array controller is not gone while ssacli fails and cciss_vol_status answers', async (t) => {
  const gen10 = 'ssacli-5.10-p408i-p440ar'
  const said = (words: string) => fixture(`${gen10}/${words.replaceAll(' ', '_')}`)
  const words = ['ctrl all show status', 'ctrl all show config detail']
  const machine = await machineWith(t, {
    ssacli: Object.fromEntries(words.map((one) => [one, said(one)])),
    cciss_vol_status: {
      '-V /dev/cciss/c0d0': '/dev/cciss/c0d0: (Smart Array P400i) RAID 1 Volume 0 status: OK.\n',
    },
  })
  await mkdir(join(machine.folder, 'root/dev/cciss/c0d0'), { recursive: true })
  const read = agentOn(machine)
  assert.equal((await read()).length, 2, 'one drive and one battery have failed')
  await machine.answer('ssacli', Object.fromEntries(words.map((one) => [one, 'segmentation fault\n'])))
  assert.deepEqual(await read(), [])
})

test('two controllers of one serial number are both shown, each with its own parts', async (t) => {
  const twins = answersOf([madeController(0, 2), madeController(1, 3)])
  const same = Object.fromEntries(
    Object.entries(twins).map(([name, text]) => [name, text.replaceAll('SK93610001', 'SK93610000')]),
  )
  const { path, folder } = await machineWith(t, { storcli64: asked(same) })
  const context = contextOf({ path, folder })
  const { states, samples } = await collectOnce(raid, context)
  assert.deepEqual(context.skipped, [])
  const drives = samples.filter(({ metric }) => metric.name === 'raid_drive_info')
  assert.deepEqual(Object.groupBy(drives, ({ labels }) => labels.controller ?? '')[1]?.length, 3)
  const controllers = states.map(({ part }) => part).filter((part) => part.endsWith(':controller'))
  assert.deepEqual(controllers, ['raid:broadcom:0:controller', 'raid:broadcom:1:controller'])
})
