/** What the agent needs of the node: an address to listen on, memory, a unit that starts it. */

import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe } from '../errors.ts'
import type { Tree } from '../tree.ts'
import { humanise } from '../units.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

const answerMilliseconds = 2000

/** Whether an agent runs there already and is well, or else the address is free. @param listen `host:port` */
export async function checkListen(listen: string): Promise<Finding> {
  const check = 'listen'
  const answer = await fetch(`http://${listen}/-/healthy`, {
    signal: AbortSignal.timeout(answerMilliseconds),
  })
    .then(async (reply) => ({ ok: reply.ok, text: (await reply.text()).slice(0, 200) }))
    .catch(() => undefined)
  if (answer?.text.startsWith('Remora')) {
    if (!answer.ok)
      return problem(check, `the agent at ${listen} says: ${answer.text.trim()}`, 'look at its log')
    const ready = await fetch(`http://${listen}/-/ready`, {
      signal: AbortSignal.timeout(answerMilliseconds),
    }).catch(() => undefined)
    const words =
      ready?.ok === true
        ? 'is healthy and ready'
        : `is healthy, not ready: ${(await ready?.text()) ?? 'no answer'}`
    return ready?.ok === true
      ? ok(check, `an agent runs at ${listen} and ${words}`)
      : warning(check, `the agent at ${listen} ${words.trim()}`, 'look at its log')
  }
  const end = listen.lastIndexOf(':')
  const server = createServer()
  try {
    server.listen({
      host: listen.slice(0, end).replaceAll(/[[\]]/g, ''),
      port: Number(listen.slice(end + 1)),
    })
    await once(server, 'listening')
    server.close()
    return ok(check, `${listen} is free: no agent runs there`)
  } catch (error) {
    return problem(check, `Cannot listen on ${listen}: ${describe(error)}`, 'choose another server.listen')
  }
}

/** What the agent takes in a storm with every sink dead, by `npm run bench:memory`. */
const neededBytes = 160 << 20

export async function checkMemory(proc: Tree): Promise<Finding> {
  const text = (await proc.read('meminfo')) ?? ''
  const available = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024
  if (!Number.isFinite(available))
    return warning('memory', 'MemAvailable is not in /proc/meminfo', 'look at the memory yourself')
  const saw = `${humanise(available, 'bytes')} are available`
  return available < neededBytes
    ? warning('memory', saw, `Remora takes up to ${humanise(neededBytes, 'bytes')} in a storm`)
    : ok('memory', saw)
}

const unitFolders = [
  'etc/systemd/system',
  'run/systemd/system',
  'usr/lib/systemd/system',
  'lib/systemd/system',
]

/** Only where systemd runs the node. */
export async function checkUnit(host: Tree): Promise<Finding | undefined> {
  if (!(await host.exists('run/systemd/system'))) return undefined
  for (const folder of unitFolders) {
    const path = `${folder}/remora.service`
    if (await host.exists(path)) return ok('unit', `/${path} is installed`)
  }
  return warning(
    'unit',
    'remora.service is not installed',
    'install systemd/remora.service: docs/life-of-a-boot.md',
  )
}

/** What was released before this cannot run later than it says. */
const builtMilliseconds = Date.UTC(2026, 0, 1)

export function checkClock(nowMilliseconds: number): Finding {
  const now = new Date(nowMilliseconds).toISOString()
  return nowMilliseconds < builtMilliseconds
    ? problem('clock', `it says ${now}`, 'set the clock: receivers refuse records of that time')
    : ok('clock', `it says ${now}`)
}
