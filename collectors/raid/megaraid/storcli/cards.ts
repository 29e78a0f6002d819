/** Controllers out of the answers of storcli and perccli, each joined by its own number, never by position. */
import { judgeController } from '../../judge.ts'
import type { Controller, Task } from '../../report.ts'
import type { Card, CardFacts } from '../card.ts'
import { celsiusOf, countOf, isRecord, type Json, momentOf, recordOf, textOf } from '../values.ts'
import type { Answer } from './answer.ts'
import { batteriesOf } from './batteries.ts'
import { disksOf } from './disks.ts'
import type { Tasks } from './progress.ts'
import { groupOf, volumeRows, volumesOf } from './volumes.ts'

export interface Going {
  readonly drives: ReadonlyMap<string, Tasks>
  readonly arrays: ReadonlyMap<string, Tasks>
  readonly controllers: ReadonlyMap<string, Task>
}

const nothingGoing: Going = { drives: new Map(), arrays: new Map(), controllers: new Map() }

/**
 * @param answers everything that was answered, the controllers' own first
 * @param skip gets what is wrong with one part
 */
export function cardsOf(
  answers: readonly Answer[],
  skip: (error: Error) => void,
  going: Going = nothingGoing,
): readonly Card[] {
  const byController = new Map<string, Json[]>()
  for (const { controller, data } of answers) {
    if (controller === undefined || !isRecord(data)) continue
    byController.set(controller, [...(byController.get(controller) ?? []), data])
  }
  return [...byController].map(([controller, list]) => cardOf(controller, list, going, skip))
}

function cardOf(
  controller: string,
  answers: readonly Json[],
  going: Going,
  skip: (error: Error) => void,
): Card {
  const data = answers.find((one) => 'Basics' in one || 'Product Name' in one) ?? answers[0] ?? {}
  const basics = recordOf(data.Basics)
  const version = recordOf(data.Version)
  const state = recordOf(data.Status)
  const hardware = recordOf(data.HwCfg)
  const controllerSerial = textOf(basics['Serial Number'] ?? data['Serial Number'])
  // Such builds mean 10^12 by TB.
  const decimal = /"\d[\d.]* ?[KMGTP]iB"/.test(
    JSON.stringify([data['VD LIST'], data['PD LIST'], data.TOPOLOGY]),
  )
  const place = { controller, controllerSerial, decimal }

  const arrays = new Map<string, string>()
  for (const [array, row] of volumeRows(answers)) {
    const group = groupOf(row)
    if (group !== undefined) arrays.set(group, [arrays.get(group), array].filter(Boolean).join(','))
  }
  const disks = disksOf(answers, { ...place, arrays, tasks: going.drives.get(controller) ?? new Map() }, skip)
  const rebuilding = new Set(
    disks.flatMap(({ part, facts }) =>
      part.status.state === 'rebuilding' && facts.group ? [facts.group] : [],
    ),
  )
  const volumes = volumesOf(answers, {
    ...place,
    rebuilding,
    tasks: going.arrays.get(controller) ?? new Map(),
  })
  const word = textOf(state['Controller Status'])
  const patrol = going.controllers.get(controller)
  const part: Controller = {
    kind: 'controller',
    vendor: 'broadcom',
    controller,
    controllerSerial,
    status:
      word === undefined ? { state: 'unknown', word: '', known: true } : judgeController('broadcom', word),
    model: textOf(basics.Model ?? data['Product Name']),
    firmware: textOf(version['Firmware Version'] ?? data['FW Version']),
    driver: textOf(
      [version['Driver Name'] ?? data['Driver Name'], version['Driver Version'] ?? data['Driver Version']]
        .map(textOf)
        .filter(Boolean)
        .join(' '),
    ),
    celsius: temperaturesOf(hardware),
    memoryCorrectableErrors: countOf(state['Memory Correctable Errors']),
    memoryUncorrectableErrors: countOf(state['Memory Uncorrectable Errors']),
    tasks: patrol ? [patrol] : [],
  }
  return {
    part,
    facts: factsOf(data, disks.length, volumes.length),
    volumes,
    disks,
    batteries: batteriesOf(answers, { controller, controllerSerial }),
    whole:
      'PD LIST' in data || countOf(data['Physical Drives']) === 0 || 'Physical Device Information' in data,
  }
}

/** Firmware misspells the unit, or does not. */
function temperaturesOf(hardware: Json): Readonly<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const [key, value] of Object.entries(hardware)) {
    const sensor = /^(ROC|Ctrl|Controller) temperature ?\(Degree Cel[cs]ius\)$/i.exec(key)?.[1]
    const celsius = celsiusOf(value)
    if (sensor !== undefined && celsius !== undefined) found[/roc/i.test(sensor) ? 'roc' : 'board'] = celsius
  }
  return found
}

function factsOf(data: Json, disks: number, volumes: number): CardFacts {
  const basics = recordOf(data.Basics)
  const version = recordOf(data.Version)
  const status = textOf(recordOf(data.Status)['BBU Status'])
  const patrol = textOf(recordOf(data['Scheduled Tasks'])['Patrol Read Reoccurrence'])
  const system = momentOf(basics['Current System Date/time'])
  const own = momentOf(basics['Current Controller Date/Time'])
  const groups = countOf(data['Drive Groups'] ?? data.Arrays)
  return {
    firmware: textOf(version['Firmware Version'] ?? data['FW Version']),
    driver: textOf(version['Driver Name'] ?? data['Driver Name']),
    ports: countOf(recordOf(data.HwCfg)['Backend Port Count']),
    physicalDrives: countOf(data['Physical Drives']) ?? disks,
    driveGroups: groups,
    virtualDrives: groups === undefined ? undefined : (countOf(data['Virtual Drives']) ?? volumes),
    // Nothing set, charging, or a learn cycle that is due by the calendar.
    batteryHealthy: status === undefined ? undefined : ['0', '8', '4096'].includes(status),
    patrolScheduled: patrol === undefined ? undefined : /hrs/.test(patrol),
    timeDifferenceSeconds: system === undefined || own === undefined ? undefined : Math.abs(system - own),
  }
}
