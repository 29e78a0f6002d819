/**
 * The journal of the journal's kill test, written by systemd-journal-remote: two boots, the system journal, a
 * copied one beside it and a namespace, and among the entries every kind of field that has broken a reader.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { entryBytes, type Fields } from '../collectors/journald/journals.ts'

const machine = '5eed0123456789abcdef0123456789ab'
const boots = ['b001'.padEnd(32, 'a'), 'b002'.padEnd(32, 'c')]
const begin = 1_780_000_000_000_000
const bigFields = 8

interface JournalPart {
  readonly file: string
  has(index: number): boolean
}

const parts: readonly JournalPart[] = [
  {
    file: `${machine}/system.journal`,
    has: (index) => index % 10 !== 3 && index % 10 !== 7,
  },
  { file: `${machine}/copied.journal`, has: (index) => index % 10 === 3 },
  { file: `${machine}.tenant/system.journal`, has: (index) => index % 10 === 7 },
]

/** Writes that many entries below `root`/var/log/journal. @returns the files: large ones are rotated */
export async function writeJournals(root: string, total: number): Promise<string[]> {
  for (const { file, has } of parts) {
    const path = join(root, 'var/log/journal', file)
    mkdirSync(dirname(path), { recursive: true })
    const writer = spawn('/lib/systemd/systemd-journal-remote', ['-o', path, '-'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const exited = once(writer, 'exit')
    for (let index = 0; index < total; index++) {
      if (!has(index)) continue
      if (!writer.stdin.write(entryBytes(entry(index, total)))) await once(writer.stdin, 'drain')
    }
    writer.stdin.end()
    const [code] = await exited
    if (code !== 0)
      throw new Error(`Cannot write journal "${path}": systemd-journal-remote ended with ${code}`)
  }
  return globSync(join(root, 'var/log/journal/*/*.journal'))
}

function entry(index: number, total: number): Fields {
  const boot = index < total / 2 ? 0 : 1
  const since = (index - boot * Math.floor(total / 2)) * 1000
  const unit = ['ssh', 'cron', 'kubelet', 'chronyd'][index % 4]
  return [
    ['__REALTIME_TIMESTAMP', String(begin + index * 1000 + boot * 3_600_000_000)],
    ['__MONOTONIC_TIMESTAMP', String(5_000_000 + since)],
    ['_BOOT_ID', boots[boot] ?? ''],
    ['_MACHINE_ID', machine],
    ['_HOSTNAME', 'node-7'],
    ['_TRANSPORT', 'syslog'],
    ['PRIORITY', String(index % 8)],
    ['SYSLOG_IDENTIFIER', `${unit}`],
    ['_SYSTEMD_UNIT', `${unit}.service`],
    ['_PID', String(300 + (index % 4000))],
    ['_UID', '0'],
    ['_CMDLINE', `/usr/sbin/${unit} -D --index=${index % 100}`],
    ['_SOURCE_REALTIME_TIMESTAMP', String(begin + index * 1000 - 17)],
    ...said(index, total),
  ]
}

/** What an entry says: mostly one line, else one of the kinds. */
function said(index: number, total: number): Fields {
  const line = `request ${index} of ${total}: 200 in ${index % 977} ms`
  const every = Math.floor(total / bigFields)
  if (index % every === 11)
    return [
      ['MESSAGE', line],
      ['BIG', index % 2 === 0 ? noise(index, 1 << 20) : line.repeat(40_000).slice(0, 1 << 20)],
    ]
  switch (index % 200) {
    case 1:
      return [['MESSAGE', noise(index, 300)]]
    case 2:
      return [
        ['MESSAGE', line],
        ['TAG', 'first'],
        ['TAG', 'second'],
        ['MESSAGE', `${line} again`],
        ['TAG', 'first'],
      ]
    case 3:
      return [
        ['MESSAGE', ''],
        ['EMPTY', ''],
      ]
    case 13:
      return [
        ['MESSAGE', Array.from({ length: 120 }, (_, at) => `frame ${at}: ${line}`).join('\n')],
        ['TAIL', 'ends with newlines\n\n'],
        ['LIKE_AN_END', '\n\n__CURSOR=s=none\n\n'],
      ]
    case 17:
      return [['CODE_FILE', 'no-message.c']]
    case 23:
      return [
        ['MESSAGE', Buffer.from('caf\xe9 is not UTF-8 = \x1b[1mbold\x1b[0m', 'latin1')],
        ['NUL', Buffer.from([0])],
        ['EQUALS', '==a=b='],
        ['UNICODE', 'Grüße 日本語 \u{1f600}\ttab'],
      ]
    case 31:
      return Array.from({ length: 200 }, (_, at) => [`FIELD_${at}`, `${index}:${at}`] as const)
    default:
      return [['MESSAGE', line]]
  }
}

/** Bytes of every value, the same for the same seed. */
function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed + 1
  for (let at = 0; at < length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state & 0xff
  }
  return bytes
}
