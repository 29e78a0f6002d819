/** The lag of one record: from the write of a real live journald to the answer that acknowledges it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { privateJournald } from '../private-journald.ts'
import { startForwarding } from './forwarding.ts'
import { round } from './process.ts'
import { lagsOf, type Push, startReceiver } from './receiver.ts'

/** Writes `rate` lines a second into a private journald while the agent follows it and pushes to a loopback Loki. */
export async function live(
  folder: string,
  rate: number,
  lagSeconds: number,
  signal: AbortSignal,
  reader: string,
) {
  const pushes: Push[] = []
  await using receiver = await startReceiver(204, pushes)
  await using journal = await privateJournald()
  await journal.log(['begin'])
  const sink = { type: 'loki', url: receiver.url }
  await using forwarding = await startForwarding(folder, journal.root, sink, signal, { reader })
  await forwarding.reached('remora_records_acknowledged_total', 1)
  const keeper = /\d+/.exec(journal.root)?.[0] ?? ''
  const socket = '/run/systemd/journal/dev-log'
  const writer = spawn('nsenter', ['-t', keeper, '-m', '--', 'logger', '--socket', socket], {
    stdio: ['pipe', 'ignore', 'ignore'],
    signal,
  })
  const ended = once(writer, 'exit')
  ended.catch(() => undefined) // The wait that the signal ends is what says so.
  writer.stdin.on('error', () => undefined)
  const before = forwarding.usage()
  const begun = performance.now()
  const total = rate * lagSeconds
  for (let sent = 0; sent < total; await sleep(10, undefined, { signal })) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) / 1000) * rate))
    let text = ''
    for (; sent < due; sent++)
      text += `lag ${sent} request method=GET path=/v1/nodes/${sent % 5000} status=200\n`
    writer.stdin.write(text)
    forwarding.look()
  }
  writer.stdin.end()
  await ended
  const seconds = (performance.now() - begun) / 1000
  const after = forwarding.usage()
  await forwarding.reached('remora_records_acknowledged_total', total)
  await sleep(500)
  const lags = lagsOf(pushes)
  if (lags.length !== total) throw new Error(`Cannot use this run: ${lags.length} of ${total} lines came`)
  const at = (share: number) => round(lags[Math.min(lags.length - 1, Math.floor(lags.length * share))] ?? 0)
  return {
    rate,
    seconds: round(seconds),
    p50Milliseconds: at(0.5),
    p99Milliseconds: at(0.99),
    mostMilliseconds: at(1),
    agentCpuPercent: round(((after.agentSeconds - before.agentSeconds) / seconds) * 100),
    journalctlCpuPercent: round(((after.journalctlSeconds - before.journalctlSeconds) / seconds) * 100),
    ...forwarding.peak(),
  }
}
