/**
 * The agent of the journal's kill test: Remora with no collector but journald. Prints a marker at each phase, of
 * reading with each piece that journalctl gives, and lingers there, so that a kill can meet it.
 * Usage: journal-agent CONFIG DELAY_MS LINGER_MS
 */
import { setTimeout as wait } from 'node:timers/promises'
import { journald } from '../../collectors/journald/journald.ts'
import { startAgent } from '../../src/agent.ts'
import type { CommandStreamer } from '../../src/command.ts'
import { loadConfig } from '../../src/config.ts'
import { openLog } from '../../src/log.ts'
import type { Collector } from '../../src/model.ts'
import { mark, markPhases } from './phases.ts'

const [config = '', delay = '0', linger = '0'] = process.argv.slice(2)

markPhases(journald.name, 'receiver', Number(linger))

const slowed: Collector = {
  ...journald,
  async *read(context) {
    yield* journald.read?.({ ...context, stream: slow(context.stream) }) ?? []
  },
}

function slow(stream: CommandStreamer): CommandStreamer {
  return async function* (command) {
    for await (const piece of stream(command)) {
      mark('reading')
      if (Number(delay) > 0) await wait(Number(delay))
      yield piece
    }
  }
}

async function main(): Promise<void> {
  const agent = await startAgent(await loadConfig({ file: config, env: {} }), [slowed], openLog('info'))
  mark('started')
  process.on('SIGTERM', () => void agent.stop().then(() => process.exit(0)))
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
