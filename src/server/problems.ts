/** Is anything wrong: every problem in words, the worst first, and one answer for each area an operator asks about. */
import { bytes, count, duration, percent } from '../page/figures.ts'
import type { Mark } from '../page/table.ts'
import type { Amount, Area, AreaName, Part, Problem } from '../page/view.ts'
import { amountWords, rootWords } from '../page/words.ts'
import type { PartState } from '../status.ts'

/** What is looked at; the rest of a StatusView. */
export interface Facts {
  readonly notReady: readonly string[]
  readonly root: Readonly<Record<string, string>> | null
  readonly unwell: readonly PartState[]
  readonly zram: readonly {
    readonly device: string
    readonly kind?: string
    readonly fill: readonly { readonly constraint: string; readonly ratio: number }[]
  }[]
  readonly hardware: readonly Part[]
  readonly collectors: readonly { readonly name: string; readonly state: string; readonly why?: string }[]
  readonly sinks: readonly {
    readonly name: string
    readonly offNode: boolean
    readonly required: boolean
    readonly state: string
    readonly lastError?: string
    readonly quarantined: Amount
  }[]
  readonly atRisk: Amount & { readonly bytes: number; readonly oldestSeconds?: number }
  readonly ledger: {
    readonly sources: readonly { readonly source: string; readonly difference: number }[]
    readonly sinks: readonly { readonly sink: string; readonly source: string; readonly difference: number }[]
  }
  readonly spool: {
    readonly usedBytes: number
    readonly boundBytes: number
    readonly onDisk: boolean
    readonly writable: boolean
    readonly pausedSources: readonly string[]
  }
}

/** Data that no other machine has for longer is a problem; one cycle of pushes and a retry is not. */
const riskSeconds = 60
const errorSeverity = 17

export function problemsOf(facts: Facts): Problem[] {
  const all = [
    ...facts.unwell.map(ofPart),
    ...ofSinks(facts),
    ...ofSpool(facts),
    ...ofLedger(facts),
    ...facts.collectors
      .filter(({ state }) => state === 'failing')
      .map(({ name, why }) => problem('Collectors', 'warn', `Collector ${name} fails: ${why ?? 'unknown'}`)),
    ...facts.notReady.map((why) => problem('Collectors', 'warn', `Not ready: ${why}`)),
  ]
  return [...all.filter(({ level }) => level === 'bad'), ...all.filter(({ level }) => level === 'warn')]
}

function problem(area: AreaName, level: Problem['level'], words: string, source?: string): Problem {
  return { area, level, words, ...(source !== undefined && { source }) }
}

/** By the first word of a state's event name, or by the whole of it. */
const areas: Readonly<Record<string, AreaName>> = {
  zram: 'Root',
  filesystem: 'Root',
  ext4: 'Root',
  'raid.array': 'Arrays',
  'raid.drive': 'Drives',
  raid: 'Controllers',
  drive: 'Drives',
  nvme: 'Drives',
  infiniband: 'Ports',
  fibrechannel: 'Ports',
  fabric: 'Ports',
  sas: 'Ports',
}

function ofPart({ event, severity, body, collector }: PartState): Problem {
  const area = areas[event] ?? areas[event.split('.')[0] ?? ''] ?? 'Other hardware'
  return problem(area, severity >= errorSeverity ? 'bad' : 'warn', body, collector)
}

function* ofSinks({ sinks, root, atRisk }: Facts): Generator<Problem> {
  if (!sinks.some(({ offNode }) => offNode)) {
    const names = sinks.map(({ name }) => name).join(', ')
    const here =
      sinks.length === 0
        ? 'no sink is configured'
        : `no sink is on another machine (${names} ${sinks.length === 1 ? 'is' : 'are'} here)`
    const end =
      root?.ephemeral === 'true'
        ? 'What is collected ends with this boot'
        : 'What is collected is lost with this machine'
    yield problem('Data at risk', 'bad', `Nothing leaves this node: ${here}. ${end}`)
  } else if ((atRisk.oldestSeconds ?? 0) > riskSeconds) {
    yield problem('Data at risk', 'warn', riskWords(atRisk))
  }
  for (const { name, state, required, lastError, quarantined } of sinks) {
    if (state !== 'up') {
      const level = state === 'retrying' || !required ? 'warn' : 'bad'
      yield problem('Sinks', level, `Sink ${name} is ${state}${lastError ? `: ${lastError}` : ''}`)
    }
    if (quarantined.records + quarantined.samples > 0)
      yield problem('Sinks', 'warn', `Sink ${name} has ${amountWords(quarantined)} in quarantine`)
  }
}

function* ofSpool({ spool }: Facts): Generator<Problem> {
  if (!spool.onDisk)
    yield problem('Spool', 'bad', 'The spool is only in memory: a crash of the agent loses what is held')
  if (!spool.writable) yield problem('Spool', 'bad', 'The disk refuses to be written: the sources wait')
  if (spool.pausedSources.length > 0)
    yield problem('Spool', 'warn', `The spool is full; paused: ${spool.pausedSources.join(', ')}`)
}

function* ofLedger({ ledger }: Facts): Generator<Problem> {
  for (const { source, difference } of ledger.sources)
    if (difference !== 0)
      yield problem('Spool', 'bad', `The ledger of source ${source} is off by ${count(difference)}`)
  for (const { sink, source, difference } of ledger.sinks)
    if (difference !== 0)
      yield problem('Spool', 'bad', `The ledger of ${source} at sink ${sink} is off by ${count(difference)}`)
}

function riskWords(atRisk: Facts['atRisk']): string {
  const oldest =
    atRisk.oldestSeconds === undefined ? '' : `, the oldest for ${duration(atRisk.oldestSeconds)}`
  return `${amountWords(atRisk)} (${bytes(atRisk.bytes)}) that no other machine has acknowledged${oldest}`
}

/** In the order in which they are asked. Hardware that is not here is faint. */
export function areasOf(facts: Facts, problems: readonly Problem[]): Area[] {
  const { hardware, sinks, atRisk, spool, collectors } = facts
  const parts = flat(hardware)
  const ofKind = (...kinds: readonly string[]) => parts.filter(({ kind }) => kinds.includes(kind))
  const other = problems.filter(({ area }) => area === 'Other hardware').length
  const answers: readonly (readonly [AreaName, words: string, isHere: boolean])[] = [
    ['Root', rootAnswer(facts), true],
    ['Arrays', tally(ofKind('array')), ofKind('array').length > 0],
    ['Drives', tally(ofKind('drive')), ofKind('drive').length > 0],
    ['Controllers', tally(ofKind('controller', 'battery', 'capacitor')), ofKind('controller').length > 0],
    ['Ports', tally(ofKind('port')), ofKind('port').length > 0],
    ['Data at risk', atRisk.records + atRisk.samples === 0 ? 'none' : riskWords(atRisk), true],
    ['Sinks', sinks.length === 0 ? 'none' : byWord(sinks.map(({ state }) => state)), true],
    ['Spool', `${bytes(spool.usedBytes)} of ${bytes(spool.boundBytes)} used`, true],
    ['Collectors', byWord(collectors.map(({ state }) => state)), true],
    ...(other > 0 ? [['Other hardware', count(other), true] as const] : []),
  ]
  return answers.map(([name, words, isHere]) => {
    const levels = problems.filter(({ area }) => area === name).map(({ level }) => level)
    const mark: Mark = levels.includes('bad')
      ? 'bad'
      : levels.includes('warn')
        ? 'warn'
        : isHere
          ? 'good'
          : 'faint'
    return { name, mark, words: isHere || levels.length > 0 ? words : 'none here' }
  })
}

function rootAnswer({ root, zram }: Facts): string {
  const own = zram.filter(({ kind }) => kind === 'root')
  const [fullest] = (own.length > 0 ? own : zram)
    .flatMap(({ device, fill }) => fill.map((one) => ({ ...one, device })))
    .sort((a, b) => b.ratio - a.ratio)
  const fill = fullest && `${fullest.device} ${percent(fullest.ratio)} full by ${fullest.constraint}`
  return [root ? rootWords(root) : 'not known yet', fill].filter(Boolean).join('; ')
}

function tally(parts: readonly Part[]): string {
  if (parts.length === 0) return 'none'
  return byWord(parts.map(({ state }) => state || 'unknown'))
}

/** `3 online, 1 failed`. */
function byWord(words: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].map(([word, number]) => `${count(number)} ${word}`).join(', ')
}

function flat(parts: readonly Part[]): Part[] {
  return parts.flatMap((part) => [part, ...flat(part.parts)])
}
