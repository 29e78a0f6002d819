/**
 * Builds the image unless it is there and as new as its script, then runs the scenarios one after the other:
 * `run.ts [WORD…]` only those whose name has one of the words.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { imageFolder } from './machine.ts'

const here = import.meta.dirname

/** @returns the exit code */
async function run(command: string, args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  return typeof code === 'number' ? code : 1
}

/** All that the image is made of. */
async function recipe(): Promise<string> {
  const files = [join(here, 'build.sh')]
  for await (const entry of glob('guest/**', { cwd: here, withFileTypes: true }))
    if (entry.isFile()) files.push(join(entry.parentPath, entry.name))
  const texts = await Promise.all(files.sort().map((file) => readFile(file, 'utf8')))
  return texts.join('\n')
}

async function main(words: readonly string[]): Promise<number> {
  const built = join(imageFolder, 'built')
  const wanted = await recipe()
  if ((await readFile(built, 'utf8').catch(() => '')) !== wanted) {
    await rm(built, { force: true })
    await mkdir(imageFolder, { recursive: true })
    const code = await run(join(here, 'build.sh'), [imageFolder])
    if (code !== 0) return code
    await writeFile(built, wanted)
  }
  const scenarios: string[] = []
  for await (const name of glob('*.vm.ts', { cwd: here })) scenarios.push(join(here, name))
  const pattern = words.length === 0 ? [] : [`--test-name-pattern=${words.join('|')}`]
  return run(process.execPath, [
    ...['--test', '--test-concurrency=1', '--test-timeout=3600000', ...pattern],
    ...scenarios.sort(),
  ])
}

process.exitCode = await main(process.argv.slice(2))
