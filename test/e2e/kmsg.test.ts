/**
 * The shipped agent beside a real journald that reads this machine's /dev/kmsg too: each kernel record reaches the sink
 * once, from kmsg or from journald, through kill -9 and through kmsg being switched off and on.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { inject } from '../collectors/kmsg/inject.ts'
import { privateJournald } from '../private-journald.ts'
import { assertLedger, eventually, startAgent, valueIn, workFolder } from './agent.ts'

interface Line {
  readonly ledger: string
  readonly number: number
  readonly source: string
  readonly fields: readonly (readonly [name: string, value: unknown])[]
}

test('agent delivers each kernel record once, from kmsg or journald, through kill -9 and a kmsg that is off for a while', async (t) => {
  await using journal = await privateJournald({ settings: ['ReadKMsg=yes'] })
  const cwd = await workFolder(t)
  const off = { enabled: false }
  const config = (isKmsgOn: boolean) => ({
    paths: { root: journal.root },
    collectors: { root: off, inventory: off, host: off, zram: off, kmsg: { enabled: isKmsgOn } },
    push: { enabled: false },
    sinks: { local: { type: 'file', path: join(cwd, 'out') } },
  })
  const token = `remora-e2e-${process.pid}-${Date.now()}`
  let injected = 0
  const write = async (count: number) => {
    await inject(Array.from({ length: count }, () => `${token} ${injected++}`))
  }
  const found = (): { source: string; number: number }[] => {
    const lines = globSync(join(cwd, 'out', '*')).flatMap((file) =>
      zstdDecompressSync(readFileSync(file))
        .toString()
        .split('\n')
        .filter((line) => line.includes(token))
        .map((line): Line => JSON.parse(line)),
    )
    // A batch that was in flight at a kill is written again, with the numbers it had.
    const once = new Map(lines.map((line) => [`${line.ledger}:${line.source}:${line.number}`, line]))
    return [...once.values()].map(({ source, fields }) => {
      const message = String(fields.find(([name]) => name === 'MESSAGE')?.[1])
      return { source, number: Number(message.slice(token.length)) }
    })
  }

  await write(5)
  for (const [life, isKmsgOn] of [true, true, false, false, true].entries()) {
    const agent = await startAgent(t, cwd, { config: config(isKmsgOn) })
    await write(8)
    if (life % 2 === 1)
      await eventually('some are read', async () => {
        const page = await agent.scrape()
        return (valueIn(page, 'remora_records_read_total', { source: 'journald' }) ?? 0) > 0
      })
    await write(4)
    await agent.stop('SIGKILL')
    await write(3)
  }
  const agent = await startAgent(t, cwd, { config: config(true) })
  await write(1)
  const wanted = Array.from({ length: injected }, (_, index) => index)
  await eventually(
    'the last one is there, and journald has come as far',
    async () => {
      const page = await agent.scrape()
      assertLedger(page)
      const held = page.samples.filter(({ name }) => name === 'remora_records_held')
      const behind = valueIn(page, 'node_journald_behind_entries')
      const filtered = valueIn(page, 'remora_records_filtered_total', { source: 'journald', reason: 'kmsg' })
      return (
        held.every(({ value }) => value === 0) &&
        (filtered ?? 0) > 0 &&
        behind !== undefined &&
        new Set(found().map(({ number }) => number)).size === injected
      )
    },
    90_000,
  )
  const { code } = await agent.stop()
  assert.equal(code, 0)
  const numbers = found().map(({ number }) => number)
  assert.deepEqual(
    numbers.toSorted((a, b) => a - b),
    wanted,
  )
  const by = (source: string) => found().filter((one) => one.source === source).length
  t.diagnostic(`${by('kmsg')} from kmsg, ${by('journald')} from journald`)
  assert.ok(by('kmsg') > 0 && by('journald') > 0)
})
