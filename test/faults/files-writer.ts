/**
 * The writer of the kill test of log files: appends numbered lines, some in two writes, and rotates at random by every
 * method: renaming, copying and truncating, renaming and compressing, compressing later; the oldest files are deleted,
 * so that inodes are used again. Prints `done` at the end.
 * Rotates nothing before a file `go` is there.
 * Usage: files-writer FOLDER TOTAL SEED LINES_PER_SECOND
 */
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { lineOf, random } from './files-scenario.ts'

const [folder = '.', total = '0', seed = '0', perSecond = '1000'] = process.argv.slice(2)
const path = join(folder, 'app.log')
const next = random(Number(seed))
/** So many rotated files stay: what is deleted unread is lost, and Remora is away for some of them. */
const generations = 150

let fd = openSync(path, 'a')

/** The files of one generation: plain, or compressed. */
function named(generation: number): string[] {
  return ['', '.gz', '.zst'].map((end) => `${path}.${generation}${end}`).filter((name) => existsSync(name))
}

function shift(): void {
  for (const name of named(generations)) rmSync(name)
  for (let generation = generations - 1; generation > 0; generation--)
    for (const name of named(generation))
      renameSync(name, name.replace(`.log.${generation}`, `.log.${generation + 1}`))
}

function compress(name: string): void {
  if (next() < 0.7) execFileSync('gzip', [name])
  else execFileSync('zstd', ['--rm', '--quiet', name])
}

const methods: Readonly<Record<string, () => void>> = {
  rename() {
    shift()
    renameSync(path, `${path}.1`)
    closeSync(fd)
    fd = openSync(path, 'a')
  },
  copytruncate() {
    shift()
    copyFileSync(path, `${path}.1`)
    ftruncateSync(fd, 0)
  },
  compress() {
    methods.rename?.()
    compress(`${path}.1`)
  },
  later() {
    const plain = readdirSync(folder).filter((name) => /^app\.log\.\d+$/.test(name))
    const [one] = plain.sort(() => next() - 0.5)
    if (one !== undefined) compress(join(folder, one))
  },
}

async function main(): Promise<void> {
  const counts: Record<string, number> = {}
  const names = Object.keys(methods)
  for (let number = 0; number < Number(total); ) {
    const end = Math.min(Number(total), number + 1 + Math.floor(next() * 200))
    const begun = performance.now()
    const count = end - number
    for (; number < end; number++) {
      const line = lineOf(number)
      const cut = next() < 0.02 ? Math.floor(next() * line.length) : 0
      if (cut > 0) writeSync(fd, line.slice(0, cut))
      if (cut > 0 && next() < 0.2) await wait(5)
      writeSync(fd, line.slice(cut))
    }
    // What was rotated away before the first start of the agent is not its to read.
    while (!existsSync(join(folder, 'go'))) await wait(20)
    if (next() < 0.025) {
      const name = names[Math.floor(next() * names.length)] ?? 'rename'
      methods[name]?.()
      counts[name] = (counts[name] ?? 0) + 1
    }
    await wait(Math.max(0, (count / Number(perSecond)) * 1000 - (performance.now() - begun)))
  }
  console.log(`done ${JSON.stringify(counts)}`)
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
