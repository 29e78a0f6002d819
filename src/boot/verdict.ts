/** What ended the last boot, as far as the evidence goes: a pure function of it. */
import { type Evidence, watchdogReset } from './evidence.ts'
import type { Run } from './state-copy.ts'

export interface Verdict {
  readonly ended: 'panic' | 'oops' | 'watchdog' | 'overheat' | 'shutdown' | 'stopped' | 'unclean' | 'unknown'
  /** A sentence. */
  readonly why: string
}

/** Dumps that a kernel writes when it goes down in order (pstore with `printk.always_kmsg_dump`). */
const inOrder = /^(?:Restart|Shutdown|Halt|Poweroff)$/i

/** @param last the run of an earlier boot, where a marker of it was found */
export function verdict({ crash, watchdog, bootErrors }: Evidence, last: Run | undefined): Verdict {
  // What is older than the last run is of a boot before it.
  const fresh =
    crash && (last === undefined || crash.timeMilliseconds >= last.startedMilliseconds) ? crash : undefined
  const flags = new Set([...(watchdog?.values() ?? [])].flat())
  if (fresh && !inOrder.test(fresh.reason)) {
    const ended = /^Oops$/i.test(fresh.reason) ? 'oops' : 'panic'
    return { ended, why: `pstore has a crash record (${fresh.reason}): ${fresh.line}` }
  }
  if (flags.has(watchdogReset))
    return { ended: 'watchdog', why: 'the watchdog says that it reset the machine' }
  if (flags.has('overheat'))
    return { ended: 'overheat', why: 'the watchdog says that the machine was too hot' }
  if (fresh) return { ended: 'shutdown', why: `pstore has the record of a ${fresh.reason}` }
  if (last?.stoppedMilliseconds !== undefined) {
    const at = new Date(last.stoppedMilliseconds).toISOString()
    if (last.shutdown) return { ended: 'shutdown', why: `the machine was shutting down at ${at}` }
    return {
      ended: 'stopped',
      why: `Remora was stopped in order at ${at}; how the boot went on is not known`,
    }
  }
  if (last !== undefined)
    return {
      ended: 'unclean',
      why: `Remora was not stopped: power loss, reset, or killed before the end${bootErrors ? '; the firmware kept errors (BERT)' : ''}`,
    }
  return {
    ended: 'unknown',
    why: 'nothing on this machine tells: no crash record, no watchdog flag, no marker (state.path) of an earlier boot',
  }
}
