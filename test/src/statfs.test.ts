import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { type Command, commandRunner, type RunCommand } from '../../src/command.ts'
import { ParseError, StatfsError } from '../../src/errors.ts'
import { networkOrFuse, parseStat, usageReader } from '../../src/statfs.ts'
import { hungMounts } from '../hung-mounts.ts'

/** A real runner that notes what it is asked to start. */
function counted(): { run: RunCommand; started: Command[]; commands: ReturnType<typeof commandRunner> } {
  const started: Command[] = []
  const commands = commandRunner()
  const run: RunCommand = (command) => {
    started.push(command)
    return commands(command)
  }
  return { started, commands, run }
}

async function failure(asking: Promise<unknown>): Promise<{ error: StatfsError; seconds: number }> {
  const before = performance.now()
  try {
    await asking
  } catch (error) {
    assert.ok(error instanceof StatfsError, String(error))
    return { error, seconds: (performance.now() - before) / 1000 }
  }
  assert.fail('statfs answered')
}

test('statfs gives the same in process and by a child, and what Node says', async () => {
  const { run, started } = counted()
  const read = usageReader(run)
  const inProcess = await read('/proc', false)
  assert.equal(started.length, 0)
  assert.deepEqual(await read('/proc', true), inProcess)
  assert.equal(started.length, 1)
  const local = await read('/', false)
  const child = await read('/', true)
  const { blocks, bsize, files } = await statfs('/')
  for (const usage of [local, child]) {
    assert.equal(usage.sizeBytes, blocks * bsize)
    assert.equal(usage.files, files)
    assert.ok(usage.freeBytes > 0 && usage.freeBytes <= usage.sizeBytes)
    assert.ok(usage.availableBytes > 0 && usage.availableBytes <= usage.freeBytes)
    assert.ok(usage.filesFree > 0 && usage.filesFree <= usage.files)
  }
})

test('statfs of what is not there says so, in the same words in process and by a child', async () => {
  const read = usageReader(commandRunner())
  for (const canHang of [false, true]) {
    const { error } = await failure(read("/remora: no 'such' folder", canHang))
    assert.equal(error.message, `Cannot statfs "/remora: no 'such' folder": no such file or directory`)
    assert.equal(error.reason, 'no such file or directory')
    assert.equal(error.hung, false)
  }
})

test('statfs by a child without a stat tool says what is missing', async () => {
  const { error } = await failure(usageReader(commandRunner('/remora-no-such-folder'))('/', true))
  assert.equal(error.message, 'Cannot statfs "/": Cannot run "stat": not found')
  assert.equal(error.hung, false)
})

test('statfs of five hung mounts rejects all in time, starts one child for each and holds up nobody', async () => {
  await using mounts = await hungMounts(5)
  const { run, started, commands } = counted()
  const read = usageReader(run)
  const asked = mounts.paths.map((path) => failure(read(path, true)))
  const twice = mounts.paths.map((path) => failure(read(path, true)))

  const before = performance.now()
  const local = await read('/', false)
  assert.ok(local.sizeBytes > 0)
  assert.ok(performance.now() - before < 1500, 'a local file system waits for the hung ones')

  for (const [index, { error, seconds }] of (await Promise.all([...asked, ...twice])).entries()) {
    assert.equal(error.message, `Cannot statfs "${mounts.paths[index % 5]}": no answer`)
    assert.equal(error.hung, true)
    assert.ok(seconds < 4, `${seconds} s`)
  }
  assert.equal(started.length, 5)

  // The next call comes while the children are being killed, the one after it once they are known to be stuck.
  const next = await Promise.all(mounts.paths.map((path) => failure(read(path, true))))
  for (const until = Date.now() + 20_000; (await commands.stuck()).length < 5; await sleep(50))
    assert.ok(Date.now() < until, 'the children are known to be stuck')
  const after = await Promise.all(mounts.paths.map((path) => failure(read(path, true))))
  for (const { error, seconds } of [...next, ...after]) {
    assert.equal(error.hung, true)
    assert.ok(seconds < 2, `${seconds} s`)
  }
  const stuck = await commands.stuck()
  assert.deepEqual(stuck.map(({ key }) => key).sort(), mounts.paths.map((path) => `statfs ${path}`).sort())
  assert.equal(await processesAsking(mounts.paths), 5)

  await mounts.release()
  for (const path of mounts.paths) assert.equal((await failure(read(path, true))).error.hung, false)
  assert.deepEqual(await commands.stuck(), [])
  assert.equal(await processesAsking(mounts.paths), 0)
})

test('statfs of a path that misses its deadline in process goes to a child from then on', async () => {
  await using mounts = await hungMounts(1)
  const [path = ''] = mounts.paths
  const { run, started } = counted()
  const read = usageReader(run, 1)
  const first = await failure(read(path, false))
  assert.equal(first.error.hung, true)
  assert.ok(first.seconds < 3, `${first.seconds} s`)
  assert.equal(started.length, 1)
  const second = await failure(read(path, false))
  assert.equal(second.error.hung, true)
  assert.equal(started.length, 1)
  await mounts.release()
  // The mount is gone, the folder with it; what matters is who is asked.
  assert.equal((await failure(read(path, false))).error.reason, 'no such file or directory')
  assert.ok(started.length >= 2)
})

test('an agent with hung mounts exits at once', async () => {
  await using mounts = await hungMounts(5)
  const script = `
    import { commandRunner } from '${join(import.meta.dirname, '../../src/command.ts')}'
    import { usageReader } from '${join(import.meta.dirname, '../../src/statfs.ts')}'
    const read = usageReader(commandRunner(), 0.5)
    const asked = await Promise.allSettled(process.argv.slice(1).map((path) => read(path, true)))
    console.log(asked.filter(({ status }) => status === 'rejected').length)`
  const before = performance.now()
  const args = ['--input-type=module', '-e', script, ...mounts.paths]
  const agent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  agent.stdout.on('data', (piece) => {
    output += piece
  })
  const [code] = await once(agent, 'exit')
  assert.equal(code, 0)
  assert.equal(output, '5\n')
  assert.ok(performance.now() - before < 15000)
})

test('stat -f is parsed as six whole numbers, and anything else is refused', () => {
  assert.deepEqual(parseStat('100 60 50 4096 1000 900\n'), {
    sizeBytes: 409600,
    freeBytes: 245760,
    availableBytes: 204800,
    files: 1000,
    filesFree: 900,
  })
  for (const text of ['', '1 2 3 4 5', '1 2 3 4 5 6 7', '1 2 3 4 5 -', '1 2 ? 4 5 6', '1 2 3 4 5 -6']) {
    assert.throws(() => parseStat(text), ParseError)
  }
  const numbers = fc.array(fc.nat({ max: 2 ** 40 }), { minLength: 6, maxLength: 6 })
  fc.assert(
    fc.property(numbers, (values) => {
      const [blocks = 0, , , size = 0, files, filesFree] = values
      const usage = parseStat(`${values.join(' ')}\n`)
      assert.deepEqual([usage.sizeBytes, usage.files, usage.filesFree], [blocks * size, files, filesFree])
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        for (const value of Object.values(parseStat(text))) assert.ok(value >= 0)
      } catch (error) {
        assert.ok(error instanceof ParseError)
      }
    }),
  )
})

test('network and FUSE file systems are told from local ones', () => {
  const asks = ['nfs', 'nfs4', 'cifs', 'smb3', 'ceph', 'lustre', 'beegfs', '9p', 'fuse', 'fuseblk', 'autofs']
  const fuse = ['fuse.glusterfs', 'fuse.sshfs', 'fuse.ceph-fuse']
  for (const fsType of [...asks, ...fuse]) assert.equal(networkOrFuse(fsType), true, fsType)
  const local = ['ext4', 'xfs', 'btrfs', 'zfs', 'tmpfs', 'overlay', 'squashfs', 'fusectl', 'nfsd']
  for (const fsType of local) assert.equal(networkOrFuse(fsType), false, fsType)
})

/**
 * How many children of this process have one of the paths among their arguments; zombies have none. An agent of another
 * test may ask the same mounts.
 */
async function processesAsking(paths: readonly string[]): Promise<number> {
  const { stdout } = await commandRunner()({
    program: 'ps',
    args: ['-ww', '-o', 'stat=,args=', '--ppid', String(process.pid)],
  })
  const lines = stdout.toString().split('\n')
  const asking = lines.filter((line) => line.includes('stat -f') && paths.some((path) => line.includes(path)))
  return asking.filter((line) => !line.startsWith('Z')).length
}
