/**
 * What the usual command lines lose, on the same files: entries after a position at which a reader stopped, when the
 * machine has booted since, and when the position's own entry was vacuumed. `node test/bench/losses.ts` prints a table.
 * A command line follows for so long after its last entry that nothing more will come.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { journalFolders } from '../../collectors/journald/files.ts'
import { parsePosition } from '../../collectors/journald/position.ts'
import { tree } from '../../src/tree.ts'
import { boot, exportText, writeJournal } from '../collectors/journald/journals.ts'
import { message, reading } from '../journald/read.ts'
import { privateJournald } from '../private-journald.ts'

const machine = 'a'.repeat(32)
const quietMilliseconds = 3000

/** The messages that a command line shows. */
async function shownBy(args: readonly string[]): Promise<string[]> {
  const child = spawn('journalctl', [...args, '--quiet', '--output=cat'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  let heardAt = performance.now()
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
    heardAt = performance.now()
  })
  while (performance.now() - heardAt < quietMilliseconds && child.exitCode === null) await sleep(50)
  child.kill('SIGTERM')
  if (child.exitCode === null) await once(child, 'exit')
  return text.split('\n').filter((line) => line !== '')
}

async function shownByRemora(root: string, positions: ReadonlyMap<string, string>): Promise<string[]> {
  await using read = reading(root, { reader: 'direct' }, positions)
  for (let count = -1; count !== read.records.length; await sleep(quietMilliseconds / 2))
    count = read.records.length
  return read.records.map(message)
}

/** What each shows of the entries after the position. */
async function compare(
  what: string,
  root: string,
  folder: string,
  positions: ReadonlyMap<string, string>,
  after: readonly string[],
): Promise<void> {
  const { cursor } = parsePosition(positions.get('default') ?? '')
  const directory = `--directory=${folder}`
  console.log(`\n${what}: ${after.length} entries are after the position`)
  for (const [name, shown] of [
    [
      'journalctl --follow --after-cursor=C',
      await shownBy(['--follow', directory, `--after-cursor=${cursor}`]),
    ],
    [
      'journalctl --follow --no-tail --merge --after-cursor=C',
      await shownBy(['--follow', '--no-tail', '--merge', directory, `--after-cursor=${cursor}`]),
    ],
    ['Remora, reader: direct', await shownByRemora(root, positions)],
  ] as const) {
    const lost = after.filter((line) => !shown.includes(line))
    console.log(
      `  ${name.padEnd(58)}${String(lost.length).padStart(4)} lost${lost.length > 0 ? `, "${lost[0]}" first` : ''}`,
    )
  }
}

const texts = (count: number, word: string) => Array.from({ length: count }, (_, index) => `${word} ${index}`)

async function position(root: string, records: number): Promise<ReadonlyMap<string, string>> {
  await using read = reading(root, { reader: 'direct', initial: 'all' })
  await read.until(`${records} records`, () => read.records.length >= records)
  return read.positions
}

const work = await mkdtemp(join(tmpdir(), 'remora-losses-'))
try {
  {
    const root = join(work, 'boots')
    const folder = join(root, 'var/log/journal', machine)
    const path = join(folder, 'system.journal')
    const begin = (Math.floor(Date.now() / 1000) - 3600) * 1e6
    // The boot that runs now is the one that --follow shows.
    const now = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim().replaceAll('-', '')
    const entries = [...boot('1'.repeat(32), begin, 20), ...boot(now, begin + 600_000_000, 20)]
    await writeJournal(path, exportText(entries.slice(0, 10)))
    const positions = await position(root, 10)
    await writeJournal(path, exportText(entries.slice(10)))
    const after = entries.slice(10).map(({ fields }) => String(fields[0]?.[1]))
    await compare('The machine has booted since', root, folder, positions, after)
  }
  {
    await using journal = await privateJournald({ settings: ['RuntimeMaxFileSize=512K'] })
    await journal.log(texts(10, 'taken'))
    const positions = await position(journal.root, 10)
    await journal.journalctl('--rotate')
    await journal.log(texts(20, 'left'))
    await journal.journalctl('--rotate')
    await journal.journalctl('--vacuum-files=2')
    const [found] = await journalFolders(tree(journal.root))
    const root = join(work, 'vacuumed')
    const folder = join(root, 'run/log/journal', machine)
    await mkdir(folder, { recursive: true })
    for (const name of await readdir(found?.path ?? ''))
      await copyFile(join(found?.path ?? '', name), join(folder, name))
    await compare(
      "The position's entry was vacuumed",
      root,
      folder,
      positions,
      await shownBy(['--no-pager', `--directory=${folder}`]),
    )
  }
} finally {
  await rm(work, { recursive: true, force: true })
}
