/**
 * The agent of pstore's kill test: Remora with no collector but pstore. Prints a marker when a sink's acknowledgement is
 * committed and stays there, before anything is unlinked, so that a kill can meet it.
 * Usage: pstore-agent CONFIG LINGER_MS
 */
import { channel } from 'node:diagnostics_channel'
import { pstore } from '../../collectors/pstore/pstore.ts'
import { startAgent } from '../../src/agent.ts'
import { loadConfig } from '../../src/config.ts'
import { openLog } from '../../src/log.ts'
import { mark } from './phases.ts'

const [config = '', linger = '0'] = process.argv.slice(2)

channel('remora:spool').subscribe((message) => {
  if (typeof message !== 'object' || message === null || !('phase' in message)) return
  if (message.phase !== 'settled' || !('sink' in message) || message.sink !== 'receiver') return
  mark('settled')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(linger))
})

async function main(): Promise<void> {
  const agent = await startAgent(await loadConfig({ file: config, env: {} }), [pstore], openLog('info'))
  mark('started')
  process.on('SIGTERM', () => void agent.stop().then(() => process.exit(0)))
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
