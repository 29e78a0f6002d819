/** Journal entries as a busy node has them, in the Journal Export Format: 22 fields each, the same in every run. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fieldBytes } from '../collectors/journald/journals.ts'

export const fieldsPerEntry = 22

const machine = '6c1f0a3bd2e94785a0b1c2d3e4f50617'
const boot = '0f9e8d7c6b5a49382716050403020100'
const units = ['ssh', 'cron', 'chrony', 'slurmd', 'kubelet', 'containerd', 'smartd', 'opensm', 'rasdaemon']
const words: readonly ((index: number) => string)[] = [
  (index) =>
    `Accepted publickey for user${index % 50} from 192.0.2.${index % 255} port ${20_000 + (index % 40_000)}`,
  (index) =>
    `request id=${(index * 2_654_435_761) % 4_294_967_296} method=GET path=/v1/nodes/${index % 5000} status=200`,
  (index) => `{"level":"info","msg":"heartbeat","seq":${index},"seconds":${(index % 977) / 1000}}`,
  (index) => `Job ${index} step ${index % 9} finished with exit code ${index % 3}`,
  () => 'Selected source 192.0.2.1 (ntp.example)',
]
const microsecondsApart = 5000

function entry(index: number, realtime: number): Buffer {
  const unit = units[index % units.length] ?? ''
  const pid = 300 + ((index * 7919) % 4000)
  const message = words[index % words.length]?.(index) ?? ''
  const text = `__REALTIME_TIMESTAMP=${realtime}
__MONOTONIC_TIMESTAMP=${5_000_000 + index * microsecondsApart}
_BOOT_ID=${boot}
_MACHINE_ID=${machine}
_HOSTNAME=node0421
_TRANSPORT=${['syslog', 'stdout', 'journal'][index % 3]}
PRIORITY=${[3, 4, 6, 6, 6, 6, 7][index % 7]}
SYSLOG_FACILITY=3
SYSLOG_IDENTIFIER=${unit}
SYSLOG_PID=${pid}
_PID=${pid}
_UID=0
_GID=0
_COMM=${unit}
_EXE=/usr/sbin/${unit}
_CMDLINE=/usr/sbin/${unit} -D
_CAP_EFFECTIVE=1ffffffffff
_SYSTEMD_CGROUP=/system.slice/${unit}.service
_SYSTEMD_UNIT=${unit}.service
_SYSTEMD_SLICE=system.slice
_SYSTEMD_INVOCATION_ID=${boot.slice(2)}${(index % units.length).toString().padStart(2, '0')}
_SOURCE_REALTIME_TIMESTAMP=${realtime - 40}
`
  const trace = index % 2000 === 0 ? '\nTraceback (most recent call last):\n  File "a.py", line 7' : ''
  return Buffer.concat([Buffer.from(text), fieldBytes('MESSAGE', message + trace), Buffer.from('\n')])
}

/**
 * Makes the machine's journal below `folder` with the real systemd-journal-remote; the newest entry is of now.
 * @returns the folder of its files, and how long the export text was
 */
export async function makeJournal(
  folder: string,
  count: number,
  signal: AbortSignal,
): Promise<{ path: string; name: string; exportBytes: number }> {
  const path = join(folder, machine)
  await mkdir(path, { recursive: true })
  const child = spawn('/lib/systemd/systemd-journal-remote', ['-o', join(path, 'system.journal'), '-'], {
    stdio: ['pipe', 'ignore', 'ignore'],
    signal,
  })
  const ended = once(child, 'exit')
  ended.catch(() => undefined) // The write that fails with it is what says so.
  child.stdin.on('error', () => undefined)
  const begin = Date.now() * 1000 - count * microsecondsApart
  let exportBytes = 0
  for (let from = 0; from < count; from += 1000) {
    const entries = Array.from({ length: Math.min(1000, count - from) }, (_, index) =>
      entry(from + index, begin + (from + index) * microsecondsApart),
    )
    const text = Buffer.concat(entries)
    exportBytes += text.length
    if (!child.stdin.write(text)) await once(child.stdin, 'drain', { signal })
  }
  child.stdin.end()
  const [code] = await ended
  if (code !== 0) throw new Error(`Cannot make a journal: systemd-journal-remote ended with ${code}`)
  return { path, name: machine, exportBytes }
}
