/**
 * Gives a real systemd-journal-remote so many small entries a second for so many seconds, each stamped as it is given, and
 * says how many: `storm-writer.ts FILE PER_SECOND SECONDS`. A child of storm.ts: journald itself takes no more than 31,500 a
 * second with a whole core here.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

const [path = '', perSecond = '', seconds = ''] = process.argv.slice(2)
const partMilliseconds = 10
const boot = '0f9e8d7c6b5a49382716050403020100'

const child = spawn('/lib/systemd/systemd-journal-remote', ['--compress=no', '-o', path, '-'], {
  stdio: ['pipe', 'ignore', 'ignore'],
})
const exited = once(child, 'exit')
let given = 0
const begun = performance.now()
while (performance.now() - begun < Number(seconds) * 1000) {
  // As many as are due by now: a machine that was late gives them all the same.
  const due = Math.floor(((performance.now() - begun) / 1000) * Number(perSecond))
  const realtime = Date.now() * 1000
  let text = ''
  for (; given < due; given++)
    text += `__REALTIME_TIMESTAMP=${realtime}\n__MONOTONIC_TIMESTAMP=${realtime % 1e12}\n_BOOT_ID=${boot}\nPRIORITY=6\nSYSLOG_IDENTIFIER=storm\nMESSAGE=line ${given}\n\n`
  if (!child.stdin.write(text)) await once(child.stdin, 'drain')
  await sleep(partMilliseconds)
}
child.stdin.end()
const [code] = await exited
console.log(JSON.stringify({ given, seconds: (performance.now() - begun) / 1000, code }))
