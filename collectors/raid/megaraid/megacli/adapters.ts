/** Controllers out of `-AdpAllInfo`, `-ShowSummary` and `-AdpPR -Info`. */
import { judgeController } from '../../judge.ts'
import type { Controller, Task } from '../../report.ts'
import type { CardFacts } from '../card.ts'
import { celsiusOf, countOf, textOf } from '../values.ts'
import { type Line, valuesOf } from './text.ts'

export interface AdapterFacts {
  readonly part: Controller
  readonly facts: CardFacts
}

/**
 * @param info the lines of `-AdpAllInfo` for this adapter
 * @param summary what `-ShowSummary` says, by SAS address, since it does not number the adapters
 * @param patrol the lines of `-AdpPR -Info` for this adapter
 */
export function adapterOf(
  controller: string,
  info: readonly Line[],
  summary: ReadonlyMap<string, string> = new Map(),
  patrol: readonly Line[] = [],
): AdapterFacts {
  const values = valuesOf(info)
  const value = (...keys: readonly string[]) => keys.map((key) => textOf(values.get(key))).find(Boolean)
  const word = summary.get(value('sas address')?.toLowerCase() ?? '')
  const patrolValues = valuesOf(patrol)
  const mode = textOf(patrolValues.get('patrol read mode'))
  const running = /^active/i.test(textOf(patrolValues.get('current state')) ?? '')
  const tasks: Task[] = running ? [{ operation: 'patrol-read' }] : []
  const firmware = value('fw version')
  return {
    part: {
      kind: 'controller',
      vendor: 'broadcom',
      controller,
      controllerSerial: value('serial no'),
      status:
        word === undefined ? { state: 'unknown', word: '', known: true } : judgeController('broadcom', word),
      model: value('product name'),
      firmware: firmware ?? value('fw package build'),
      driver: value('driver version'),
      celsius: temperaturesOf(values),
      memoryCorrectableErrors: countOf(values.get('memory correctable errors')),
      memoryUncorrectableErrors: countOf(values.get('memory uncorrectable errors')),
      tasks,
    },
    facts: {
      firmware,
      driver: 'megaraid_sas',
      ports: countOf(values.get('number of backend port')),
      physicalDrives: countOf(values.get('disks')),
      virtualDrives: countOf(values.get('virtual drives')),
      patrolScheduled: mode === undefined ? undefined : /^auto/i.test(mode),
    },
  }
}

function temperaturesOf(values: ReadonlyMap<string, string>): Readonly<Record<string, number>> {
  const found: Record<string, number> = {}
  const roc = celsiusOf(values.get('roc temperature'))
  const board = celsiusOf(values.get('controller temperature'))
  if (roc !== undefined) found.roc = roc
  if (board !== undefined) found.board = board
  return found
}

/** The status of each controller by its SAS address, out of `-ShowSummary -aALL`. */
export function summaryOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  let address: string | undefined
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [key = '', value = ''] = line.split(':', 2).map((word) => word.trim())
    if (/^(Controller|BBU|Enclosure|PD|Storage|Hardware|System)$/.test(key)) address = undefined
    if (key === 'SAS Address') address = value.toLowerCase()
    if (key === 'Status' && address !== undefined && value !== '') found.set(address, value)
  }
  return found
}
