/** The shipped agent beside a real journald: spooled exactly, killed and resumed, ended without a trace. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { journalFiles, journalFolders } from '../../collectors/journald/files.ts'
import { tree } from '../../src/tree.ts'
import { privateJournald } from '../private-journald.ts'
import {
  assertLedger,
  eventually,
  type RunningAgent,
  remora,
  startAgent,
  valueIn,
  workFolder,
} from './agent.ts'

async function journalctlsOf(pid: number | undefined): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args'])
  return stdout.split('\n').filter((line) => line.includes(`remora-journal-${pid}-`)).length
}

const viewsOf = async (pid: number | undefined) =>
  (await readdir(tmpdir())).filter((name) => name.startsWith(`remora-journal-${pid}-`)).length

for (const reader of ['direct', 'journalctl'] as const)
  test(`agent spools a journal exactly through kill -9 (${reader}), and leaves neither process nor folder on SIGTERM`, async (t) => {
    await using journal = await privateJournald()
    const cwd = await workFolder(t)
    const off = { enabled: false }
    const config = {
      paths: { root: journal.root },
      // This machine's kernel ring may have overrun long ago.
      collectors: {
        root: off,
        inventory: off,
        host: off,
        zram: off,
        kmsg: off,
        journald: { options: { reader } },
      },
      push: { enabled: false },
    }
    const highest = async () => {
      const host = tree(journal.root)
      const files = await journalFiles(host, await journalFolders(host))
      return Math.max(...files.map(({ tail }) => tail))
    }
    const whole = (agent: RunningAgent) =>
      eventually('everything is acknowledged', async () => {
        const page = await agent.scrape()
        assertLedger(page)
        const count = valueIn(page, 'remora_records_acknowledged_total', {
          sink: 'local',
          source: 'journald',
        })
        return count !== undefined && count >= (await highest()) && count
      })
    const killed: (number | undefined)[] = []
    for (let life = 0; life < 4; life++) {
      const agent = await startAgent(t, cwd, { config })
      await journal.log(Array.from({ length: 3000 }, (_, index) => `life ${life} ${index}`))
      await sleep(life * 60)
      killed.push(agent.child.pid)
      await agent.stop('SIGKILL')
    }
    const agent = await startAgent(t, cwd, { config })
    await journal.log(['the end'])
    assert.equal(await whole(agent), await highest())
    const page = await agent.scrape()
    const missed = page.samples.filter(({ name }) => name === 'remora_records_missed_total')
    assert.equal(
      missed.reduce((sum, { value }) => sum + value, 0),
      0,
    )
    for (const pid of killed) assert.equal(await journalctlsOf(pid), 0, 'a journalctl ends with its reader')
    assert.equal((await journalctlsOf(agent.child.pid)) > 0, reader === 'journalctl')
    const { code, seconds } = await agent.stop()
    assert.equal(code, 0)
    assert.ok(seconds < 5, `${seconds} s`)
    assert.equal(await journalctlsOf(agent.child.pid), 0)
    for (const pid of [...killed, agent.child.pid])
      assert.equal(await viewsOf(pid), 0, join(tmpdir(), String(pid)))
  })

test('journald: who may not read the journal is told which file, and the command that mends it', async (t) => {
  const cwd = await workFolder(t)
  const folder = join(cwd, 'var/log/journal', 'a'.repeat(32))
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'system.journal'), 'LPKSHHRH', { mode: 0o600 })
  await chmod(cwd, 0o755)
  const { stdout } = await remora(t, ['collect', 'journald'], {
    cwd,
    env: { REMORA_PATHS_ROOT: cwd },
    uid: 65_534,
  })
  assert.match(
    stdout.replaceAll(/\s+/g, ' '),
    /system\.journal may not be read; run as root, or `usermod -aG systemd-journal USER`/,
  )
})
