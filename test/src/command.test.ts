import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, commandRunner } from '../../src/command.ts'
import { CommandError } from '../../src/errors.ts'
import { groupAlive } from '../../src/process-group.ts'
import { hungMounts } from '../hung-mounts.ts'

const sh = (script: string, more: Partial<Command> = {}): Command => ({
  program: 'sh',
  args: ['-c', script],
  ...more,
})

/** The error of a run that must fail, and how long it took. */
async function failure(running: Promise<unknown>): Promise<CommandError & { seconds: number }> {
  const started = performance.now()
  try {
    await running
  } catch (error) {
    assert.ok(error instanceof CommandError, String(error))
    return Object.assign(error, { seconds: (performance.now() - started) / 1000 })
  }
  assert.fail('the run did not fail')
}

test('a command gives its output, its first words of stderr and its exit code', async () => {
  const result = await commandRunner()(sh('printf out; echo "what went wrong" >&2; exit 3'))
  assert.deepEqual(result, { stdout: Buffer.from('out'), stderr: 'what went wrong', exitCode: 3 })
})

test('a command sees a clean environment, the root folder, no input and its own process group', async () => {
  const run = commandRunner()
  const { stdout } = await run({ program: 'env', args: [] })
  assert.deepEqual(stdout.toString().trim().split('\n').sort(), [
    'LC_ALL=C',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ])
  const facts = await run(sh('pwd; cat; ps -o pgid= -p $$ | tr -d " "; echo $$'))
  const [folder, group, pid] = facts.stdout.toString().trim().split('\n')
  assert.equal(folder, '/')
  assert.equal(group, pid)
})

test('a command takes its arguments as they are, without a shell', async () => {
  const args = ['%s|', '$HOME', '; echo x', '*', 'two words', '']
  const { stdout } = await commandRunner()({ program: 'printf', args })
  assert.equal(stdout.toString(), '$HOME|; echo x|*|two words||')
})

test('a command that is not there, or may not be run, is named', async () => {
  const run = commandRunner()
  const missing = await failure(run({ program: 'remora-no-such-tool', args: [] }))
  assert.equal(missing.message, 'Cannot run "remora-no-such-tool": not found')
  const forbidden = await failure(run({ program: '/etc/passwd', args: [] }))
  assert.equal(forbidden.message, 'Cannot run "/etc/passwd": not allowed to run it')
  const folder = await failure(run({ program: 'true', args: [], cwd: '/remora-no-such-folder' }))
  assert.equal(folder.message, 'Cannot run "true": it or the folder "/remora-no-such-folder" not found')
  const bad = await failure(run({ program: 'true', args: ['a\0b'] }))
  assert.equal(bad.message, 'Cannot run "true"')
})

test('a command that ends by a signal is an error that names it', async () => {
  assert.equal(
    (await failure(commandRunner()(sh('kill -TERM $$')))).message,
    'Cannot run "sh": ended by SIGTERM',
  )
})

test('a command within the bound of its output is whole, one over it is killed with its group', async () => {
  const run = commandRunner()
  const bound = { maxOutputBytes: 1_000_000 }
  const { stdout } = await run(sh('head -c 1000000 /dev/zero', bound))
  assert.equal(stdout.length, 1_000_000)
  const error = await failure(run(sh('echo $$ >&2; yes | cat', bound)))
  assert.equal(error.message, 'Cannot run "sh": more than 1000000 bytes of output')
  assert.equal(error.timedOut, false)
  assert.equal(await groupAlive(Number(error.stderr)), false)
})

test('a command that floods stderr keeps its first 4 KiB and ends', async () => {
  const { stderr, exitCode } = await commandRunner()(sh('head -c 3000000 /dev/zero | tr "\\0" x >&2'))
  assert.equal(stderr, 'x'.repeat(4096))
  assert.equal(exitCode, 0)
})

test('a command that misses its deadline is killed with every process of its group', async () => {
  const error = await failure(
    commandRunner()(sh('echo $$ >&2; sleep 60 & sleep 60 | cat', { deadlineSeconds: 0.3 })),
  )
  assert.equal(error.message, 'Cannot run "sh": killed after 0.3 s')
  assert.equal(error.timedOut, true)
  assert.ok(error.seconds < 5, `${error.seconds} s`)
  await sleep(50)
  assert.equal(await groupAlive(Number(error.stderr)), false)
})

test('a command is killed when its signal aborts, and not started when it has aborted before', async () => {
  const run = commandRunner()
  const controller = new AbortController()
  const running = failure(run(sh('sleep 60', { signal: controller.signal })))
  await sleep(100)
  controller.abort()
  const error = await running
  assert.equal(error.message, 'Cannot run "sh": stopped')
  assert.ok(error.seconds < 5)
  const folder = await mkdtemp(join(tmpdir(), 'remora-command-'))
  try {
    const late = await failure(run(sh(`touch ${folder}/started`, { signal: controller.signal })))
    assert.equal(late.message, 'Cannot run "sh": stopped')
    await assert.rejects(readFile(`${folder}/started`))
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a command that leaves a daemon with its stdout does not hang the run', async () => {
  const started = performance.now()
  const { stdout, exitCode } = await commandRunner()(sh('setsid sleep 20 & echo $!'))
  assert.equal(exitCode, 0)
  assert.ok(performance.now() - started < 5000)
  process.kill(Number(stdout), 'SIGKILL')
})

test('a command that runs when the agent exits is killed with it', async () => {
  const script = `
    import { commandRunner } from '${join(import.meta.dirname, '../../src/command.ts')}'
    commandRunner()({ program: 'sleep', args: ['60'] })
    setTimeout(() => process.exit(), 300)
    process.stdout.write(String((await commandRunner()({ program: 'pgrep', args: ['-P', String(process.pid), 'sleep'] })).stdout))`
  const { stdout, exitCode } = await commandRunner()({
    program: process.execPath,
    args: ['--input-type=module', '-e', script],
  })
  assert.equal(exitCode, 0)
  const pid = Number(stdout)
  assert.ok(pid > 1, 'the tool was started')
  await sleep(50)
  assert.equal(await groupAlive(pid), false)
})

test('a command stuck in D state is recorded, not started again, and forgotten once it is gone', async () => {
  await using mounts = await hungMounts(1)
  const [path = ''] = mounts.paths
  const run = commandRunner()
  // The leader dies at once: its child is what hangs.
  const command = sh(`echo started >>'${path}.log'; stat -f '${path}'; true`, {
    key: 'the mount',
    deadlineSeconds: 0.5,
  })
  const first = await failure(run(command))
  assert.match(first.message, /^Cannot run "sh": killed after 0\.5 s; process \d+ is stuck$/)
  assert.equal(first.timedOut, true)
  assert.ok(first.seconds < 5, `${first.seconds} s`)
  const [stuck, ...others] = await run.stuck()
  assert.equal(others.length, 0)
  assert.equal(stuck?.key, 'the mount')
  assert.equal(stuck?.program, 'sh')

  const second = await failure(run(command))
  assert.match(second.message, /^Cannot run "sh": process \d+ is still stuck, killed \d+ s ago$/)
  assert.ok(second.seconds < 1, `${second.seconds} s`)
  assert.equal(await readFile(`${path}.log`, 'utf8'), 'started\n')
  // Another key is not held up.
  assert.equal((await run(sh('true'))).exitCode, 0)

  await mounts.release()
  await sleep(200)
  assert.deepEqual(await run.stuck(), [])
  assert.equal((await run(sh('true', { key: 'the mount' }))).exitCode, 0)
})

test('a streamed command gives its output piece by piece while it runs on, and is killed when it is left', async () => {
  const { stream } = commandRunner()
  const pieces: string[] = []
  let group = 0
  for await (const piece of stream(sh('echo $$; sleep 0.1; echo two; sleep 60 & sleep 60'))) {
    pieces.push(piece.toString().trim())
    if (pieces.length === 1) group = Number(pieces[0])
    else break
  }
  assert.deepEqual(pieces.slice(1), ['two'])
  assert.equal(await groupAlive(group), false)
})

test('a streamed command waits while nobody asks for more', async () => {
  const { stream } = commandRunner()
  const folder = await mkdtemp(join(tmpdir(), 'remora-command-'))
  try {
    const pieces = stream(sh(`head -c 4000000 /dev/zero; touch ${folder}/done`))
    await pieces.next()
    await sleep(300)
    await assert.rejects(readFile(`${folder}/done`), 'it has not written everything')
    let bytes = 0
    for await (const piece of pieces) bytes += piece.length
    assert.ok(bytes > 3_000_000)
    await readFile(`${folder}/done`)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a streamed command that fails, is not there, or is stopped says so after what it gave', async () => {
  const { stream, stuck } = commandRunner()
  const read = async (pieces: AsyncIterable<Buffer>) => {
    let text = ''
    for await (const piece of pieces) text += piece.toString()
    return text
  }
  assert.equal(await read(stream(sh('echo all'))), 'all\n')
  assert.equal(
    (await failure(read(stream(sh('echo part; echo "what went wrong" >&2; exit 3'))))).message,
    'Cannot run "sh": exit code 3: what went wrong',
  )
  assert.equal(
    (await failure(read(stream({ program: 'remora-no-such-tool', args: [] })))).message,
    'Cannot run "remora-no-such-tool": not found',
  )
  const controller = new AbortController()
  const running = failure(read(stream(sh('echo $$ >&2; sleep 60', { signal: controller.signal }))))
  await sleep(100)
  controller.abort()
  const error = await running
  assert.equal(error.message, `Cannot run "sh": stopped: ${error.stderr}`)
  assert.ok(error.seconds < 5)
  assert.equal(await groupAlive(Number(error.stderr)), false)
  assert.deepEqual(await stuck(), [])
})
