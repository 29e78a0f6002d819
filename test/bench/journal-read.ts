/** Reads the journals below a root once, into nothing, and says what that took: a child of the journal bench. */
import { setFlagsFromString } from 'node:v8'
import { journald } from '../../collectors/journald/journald.ts'
import { tree } from '../../src/tree.ts'
import { contextOf } from '../collectors/context.ts'

async function main(): Promise<void> {
  // As what ships does.
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=15')
  const [root = '', wanted = ''] = process.argv.slice(2)
  const stopping = new AbortController()
  const context = contextOf({ options: { reader: 'direct', initial: 'all', fields: { drop: [] } } })
  const batches = journald.read?.({
    ...context,
    host: tree(root),
    positions: new Map(),
    positionsOf: async () => new Map(),
    signal: stopping.signal,
  })
  let entries = 0
  let missed = 0
  const cpu = process.cpuUsage()
  const begun = performance.now()
  for await (const batch of batches ?? []) {
    entries += batch.records.length
    batch.release?.() // As the spool does.
    missed += Object.values(batch.missed ?? {}).reduce((sum, count) => sum + count, 0)
    if (entries >= Number(wanted)) break
  }
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  console.log(JSON.stringify({ entries, missed, seconds, cpuSeconds: (user + system) / 1e6 }))
  stopping.abort()
  process.exit(0)
}

void main()
