/** The boot record: the first event of a boot, which says who starts where, and what ended the boot before. */

import type { Field, LogRecord } from '../model.ts'
import type { NodeIdentity } from '../node.ts'
import { ownSource, type SpoolProgress } from '../spool/spool.ts'
import type { Evidence } from './evidence.ts'
import type { Run } from './state-copy.ts'
import type { Verdict } from './verdict.ts'

export interface BootFacts {
  readonly identity: Pick<NodeIdentity, 'name' | 'bootId'>
  readonly ledger: string
  readonly version: string
  /** As uname -r says it. */
  readonly kernel: string
  readonly timeMilliseconds: number
  /** Where the positions came from. */
  readonly from: 'spool' | 'state copy' | 'none'
  readonly positions: SpoolProgress['sources']
  readonly evidence: Evidence
  readonly last: Run | undefined
  readonly verdict: Verdict
}

export const bootStream = 'boot'

const mostPositions = 8 << 10
const calm = new Set<Verdict['ended']>(['shutdown', 'stopped', 'unknown'])

export function bootRecord(facts: BootFacts): LogRecord {
  const { identity, ledger, version, kernel, timeMilliseconds, from, evidence, last, verdict } = facts
  const { crash, watchdog, powerOnReason, wakeUp, bootErrors, unreadable } = evidence
  const isCalm = calm.has(verdict.ended)
  const { text, leftOut } = positionText(facts.positions)
  const fields: Record<string, string> = {
    'event.name': 'remora.boot',
    severity_number: isCalm ? '9' : '13',
    severity_text: isCalm ? 'INFO' : 'WARN',
    body: `${identity.name} has booted; the last boot's end: ${verdict.ended}: ${verdict.why}`,
    node: identity.name,
    boot_id: identity.bootId,
    ledger,
    version,
    kernel,
    'positions.from': from,
    positions: text,
    ...(leftOut > 0 && { 'positions.left_out': String(leftOut) }),
    'last_boot.ended': verdict.ended,
    'last_boot.why': verdict.why,
    ...(last && {
      'last_boot.id': last.bootId,
      'last_boot.started': iso(last.startedMilliseconds),
      ...(last.stoppedMilliseconds !== undefined && { 'last_boot.stopped': iso(last.stoppedMilliseconds) }),
    }),
    ...(crash && {
      'last_boot.crash': crash.reason,
      'last_boot.crash_time': iso(crash.timeMilliseconds),
      'last_boot.crash_line': crash.line,
    }),
    ...(watchdog && {
      'last_boot.watchdog': [...watchdog]
        .map(([name, words]) => `${name}: ${words.join(', ') || 'none'}`)
        .join('; '),
    }),
    ...(powerOnReason !== undefined && { 'last_boot.power_on_reason': powerOnReason }),
    ...(wakeUp !== undefined && { 'last_boot.wake_up': wakeUp }),
    ...(bootErrors !== undefined && { 'last_boot.firmware_errors': String(bootErrors) }),
    ...(unreadable.length > 0 && { 'last_boot.unreadable': unreadable.join('; ').slice(0, 1000) }),
  }
  const time = BigInt(Math.round(timeMilliseconds)) * 1_000_000n
  return {
    stream: bootStream,
    id: `boot:${identity.bootId}`,
    time,
    observed: time,
    fields: Object.entries(fields).map(([name, value]): Field => [name, Buffer.from(value)]),
  }
}

/** A crash record may bear any time. */
function iso(milliseconds: number): string {
  const date = new Date(milliseconds)
  return Number.isNaN(date.getTime()) ? String(milliseconds) : date.toISOString()
}

/** Of what is read, without last known states, as far as there is room. */
function positionText(sources: SpoolProgress['sources']): { text: string; leftOut: number } {
  const kept: Record<string, Record<string, string>> = {}
  let room = mostPositions
  let leftOut = 0
  for (const [source, { positions }] of sources) {
    if (source === ownSource) continue
    for (const [stream, position] of positions) {
      if (stream.startsWith('state:')) continue
      const length = source.length + stream.length + position.length
      if (length > room) {
        leftOut += 1
        continue
      }
      room -= length
      kept[source] = { ...kept[source], [stream]: position }
    }
  }
  return { text: JSON.stringify(kept), leftOut }
}
