/**
 * A real systemd-journald of the test's own, without systemd as PID 1 and apart from the host's journal: in a mount
 * namespace with tmpfs on /run/systemd, /run/log and /var/log/journal. The test looks in through /proc/<pid>/root.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const script = `
set -e
# A small file system of another test could not be mounted anew while it is also mounted here (test/own-mount.ts).
while read -r _ path _; do case $path in */remora-mount-*) umount -l "$path" || true; esac; done < /proc/mounts
mkdir -p /run/systemd /run/log /var/log/journal
mount -t tmpfs t /run/systemd; mount -t tmpfs t /run/log; mount -t tmpfs t /var/log/journal
mkdir -p /run/systemd/journal /run/log/journal
for ns in "" "$@"; do
  mkdir -p /run/systemd/journald\${ns:+@$ns}.conf.d
  printf "%s" "$conf" > /run/systemd/journald\${ns:+@$ns}.conf.d/90-test.conf
done
echo ready; exec sleep 1000000
`

const daemon = '/lib/systemd/systemd-journald'
const run = promisify(execFile)

export interface PrivateJournald extends AsyncDisposable {
  /** The folder in which the namespace's file system is seen. */
  readonly root: string
  /** Runs a program beside journald. @returns its stdout */
  inside(program: string, args: readonly string[], input?: string): Promise<string>
  /** Starts the daemon of a namespace, if it does not run, and waits until it listens. */
  start(namespace?: string): Promise<void>
  /** Ends it as systemd would. */
  stop(namespace?: string): Promise<void>
  /** What a boot changes: ends the daemon, gives the machine this boot id (32 hexadecimal digits), and starts it again. */
  reboot(bootId: string): Promise<void>
  /** Writes these lines, each an entry of its own. */
  log(lines: readonly string[], namespace?: string, identifier?: string): Promise<void>
  /** Each line written to it is an entry, as soon as it is written. End it before the journald. */
  logger(): ChildProcessByStdio<Writable, null, null>
  journalctl(...args: string[]): Promise<string>
}

export interface JournaldOptions {
  readonly storage?: 'volatile' | 'persistent'
  /** Further lines of journald.conf. */
  readonly settings?: readonly string[]
  readonly namespaces?: readonly string[]
  /** Of the daemons. */
  readonly environment?: Readonly<Record<string, string>>
}

export async function privateJournald(options: JournaldOptions = {}): Promise<PrivateJournald> {
  const { storage = 'volatile', settings = [], namespaces = [], environment = {} } = options
  const conf = [
    '[Journal]',
    `Storage=${storage}`,
    'RateLimitIntervalSec=0',
    'ForwardToSyslog=no',
    'ReadKMsg=no',
    'Audit=no',
    ...settings,
    '',
  ].join('\n')
  const keeper = spawn(
    'unshare',
    ['-m', '--propagation', 'private', 'bash', '-c', script, 'bash', ...namespaces],
    {
      env: { ...process.env, conf },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  await once(keeper.stdout, 'data')
  const daemons = new Map<string, ChildProcess>()
  const enter = ['-t', String(keeper.pid), '-m', '--']
  const root = `/proc/${keeper.pid}/root`
  const socketFolder = (namespace: string) => `/run/systemd/journal${namespace === '' ? '' : `.${namespace}`}`

  const journald: PrivateJournald = {
    root,
    async inside(program, args, input = '') {
      const running = run('nsenter', [...enter, program, ...args], { maxBuffer: 1 << 30 })
      // A program that ends early says why by its exit code.
      running.child.stdin?.on('error', () => undefined).end(input)
      return (await running).stdout
    },
    async start(namespace = '') {
      if (daemons.has(namespace)) return
      const args = [...enter, daemon, ...(namespace === '' ? [] : [namespace])]
      daemons.set(
        namespace,
        spawn('nsenter', args, { stdio: 'ignore', env: { ...process.env, ...environment } }),
      )
      const sockets = ['socket', 'dev-log', 'stdout'].map(
        (name) => `${root}${socketFolder(namespace)}/${name}`,
      )
      for (let tries = 0; !sockets.every((path) => existsSync(path)); tries++) {
        assert.ok(tries < 200, 'journald listens')
        await sleep(25)
      }
      await sleep(50)
      if (storage === 'persistent') await journald.journalctl(...ofNamespace(namespace), '--flush')
    },
    async stop(namespace = '') {
      const child = daemons.get(namespace)
      if (!child) return
      daemons.delete(namespace)
      child.kill('SIGTERM')
      await once(child, 'exit')
      await run('rm', ['-rf', `${root}${socketFolder(namespace)}`])
    },
    async reboot(bootId) {
      await journald.stop()
      const file = '/run/systemd/boot_id'
      const [, ...groups] = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(bootId) ?? []
      await journald.inside('tee', [file], `${groups.join('-')}\n`)
      await journald.inside('mount', ['--bind', file, '/proc/sys/kernel/random/boot_id'])
      await journald.start()
    },
    async log(lines, namespace = '', identifier = 'root') {
      const socket = `${socketFolder(namespace)}/dev-log`
      await journald.inside(
        'logger',
        ['--socket', socket, '--tag', identifier],
        lines.map((line) => `${line}\n`).join(''),
      )
    },
    logger: () =>
      spawn('nsenter', [...enter, 'logger', '--socket', `${socketFolder('')}/dev-log`], {
        stdio: ['pipe', 'ignore', 'ignore'],
      }),
    journalctl: (...args) => journald.inside('journalctl', args),
    async [Symbol.asyncDispose]() {
      for (const namespace of [...daemons.keys()]) await journald.stop(namespace)
      keeper.kill('SIGKILL')
      await once(keeper, 'exit')
    },
  }
  await journald.start()
  return journald
}

function ofNamespace(namespace: string): string[] {
  return namespace === '' ? [] : [`--namespace=${namespace}`]
}
