/** Journals of a real journald in every layout, sealed ones, and many files: each byte as journalctl has it. */
import assert from 'node:assert/strict'
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { layouts } from '../collectors/journald/file/made.ts'
import { privateJournald } from '../private-journald.ts'
import { assertSame } from './compare.ts'

const lines = (count: number, word: string) =>
  Array.from({ length: count }, (_, index) => `${word} ${index} ${'packs well '.repeat(index % 90)}`)

/** The one folder of a machine below a root, and the flags of its files' headers: compatible, incompatible, tags. */
function look(root: string, below: string): { folder: string; headers: { flags: number[]; tags: bigint }[] } {
  const [machine = ''] = readdirSync(join(root, below))
  const folder = join(root, below, machine)
  const headers = readdirSync(folder)
    .filter((name) => name.endsWith('.journal'))
    .map((name) => {
      const bytes = Buffer.alloc(272)
      const descriptor = openSync(join(folder, name), 'r')
      readSync(descriptor, bytes, 0, bytes.length, 0)
      closeSync(descriptor)
      return { flags: [bytes.readUInt32LE(8), bytes.readUInt32LE(12)], tags: bytes.readBigUInt64LE(216) }
    })
  return { folder, headers }
}

for (const { keyed, compact, compressed } of layouts)
  test(`what a real journald writes is read as journalctl reads it (${JSON.stringify({ keyed, compact, compressed })})`, async () => {
    await using journal = await privateJournald({
      settings: [`Compress=${compressed}`, 'RuntimeMaxFileSize=1M'],
      environment: {
        SYSTEMD_JOURNAL_KEYED_HASH: keyed ? '1' : '0',
        SYSTEMD_JOURNAL_COMPACT: compact ? '1' : '0',
      },
    })
    for (let turn = 0; turn < 3; turn++) {
      await journal.log(lines(400, `turn ${turn}`))
      await journal.journalctl('--rotate')
    }
    await journal.journalctl('--sync')
    const { folder, headers } = look(journal.root, 'run/log/journal')
    const wanted = (keyed ? 4 : 0) | (compact ? 16 : 0)
    assert.ok(headers.length >= 4)
    for (const { flags } of headers)
      assert.equal((flags[1] ?? 0) & 20, wanted, 'the layout is the one asked for')
    const { entries } = await assertSame(journal.root, folder)
    assert.ok(entries >= 1200, `${entries}`)
  })

test('a sealed journal is read as journalctl reads it, its tags passed over', async () => {
  await using journal = await privateJournald({ storage: 'persistent', settings: ['Seal=yes'] })
  await journal.log(['before it is sealed'])
  await journal.journalctl('--setup-keys', '--interval=1s', '--force')
  await journal.stop()
  await journal.start()
  await journal.journalctl('--rotate')
  for (let second = 0; second < 4; second++) {
    await journal.log(lines(50, `second ${second}`))
    await sleep(1100) // An interval, after which journald seals what it has.
  }
  await journal.journalctl('--rotate')
  await journal.journalctl('--sync')
  const { folder, headers } = look(journal.root, 'var/log/journal')
  const sealed = headers.filter(({ flags, tags }) => ((flags[0] ?? 0) & 1) !== 0 && tags > 2n)
  assert.ok(sealed.length > 0, `a file is sealed: ${headers.map(({ flags, tags }) => `${flags} ${tags}`)}`)
  const { entries } = await assertSame(journal.root, folder)
  assert.ok(entries >= 200, `${entries}`)
})

test('300 files of one journald are read as journalctl reads them', async () => {
  await using journal = await privateJournald({
    settings: ['RuntimeMaxFileSize=512K', 'RuntimeMaxFiles=1000', 'RuntimeMaxUse=1G'],
  })
  const script =
    'for i in $(seq 299); do seq -f "file $i line %g" 9 | logger --socket $0; journalctl --rotate; done'
  await journal.inside('bash', ['-c', script, '/run/systemd/journal/dev-log'])
  const { folder, headers } = look(journal.root, 'run/log/journal')
  assert.equal(headers.length, 300)
  const { entries } = await assertSame(journal.root, folder)
  assert.ok(entries >= 299 * 9, `${entries}`)
})
