/**
 * files: log files by glob, through every kind of rotation, each line once. A record's stream is the fingerprint of its
 * file, its number there the offset.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { counter, withOptions } from '../../src/model.ts'
import { findFiles } from './find.ts'
import { follow } from './follow.ts'
import { options } from './options.ts'
import { presets } from './presets.ts'

const unfound = counter(
  'node_files_unfound_total',
  'none',
  'logs',
  'Logs that were truncated, moved or deleted, and whose rest was not found: what was written to them last may be missing.',
)

/** Absent until files are read. */
let unfoundCount: number | undefined

export const files = withOptions({
  name: 'files',
  metrics: [unfound],
  options,
  async probe({ host, options: { logs, presets: names } }) {
    if (logs.length > 0) return { here: true }
    const found = await findFiles(
      host,
      names.map((name) => presets[name]),
    )
    if (found.length > 0) return { here: true }
    return {
      here: false,
      why: `no log of ${names.join(', ') || 'any preset'} is here, and \`logs\` names none`,
    }
  },
  async *collect() {
    if (unfoundCount !== undefined) yield { metric: unfound, value: unfoundCount, labels: {} }
  },
  async *read(context) {
    if (context.options.logs.length + context.options.presets.length === 0) {
      await sleep(2 ** 31 - 1, undefined, { signal: context.signal })
      return
    }
    unfoundCount ??= 0
    yield* follow(context, () => {
      unfoundCount = (unfoundCount ?? 0) + 1
    })
  },
})
