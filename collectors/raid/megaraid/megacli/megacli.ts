/** MegaCli, MegaCli64 and megacli: text, one question for all adapters at a time (each.ts). */
import { CommandError } from '../../../../src/errors.ts'
import type { Task } from '../../report.ts'
import type { VendorContext } from '../../vendor.ts'
import type { Reading } from '../card.ts'
import { ratioOf } from '../values.ts'
import { summaryOf } from './adapters.ts'
import { cardsOf } from './cards.ts'
import { eachAsker } from './each.ts'
import { adaptersOf } from './text.ts'

/** @throws {CommandError}, {ParseError}, {ToolError} no controller can be read */
export async function readMegacli({ tool, skip }: VendorContext): Promise<Reading> {
  const { ask, unread } = eachAsker(tool, skip)
  let hung = false
  const what = (args: readonly string[]) => `${tool.name} ${args.join(' ')}`
  /** Undefined when it fails: there is more to read than this. */
  const more = async <T>(args: readonly string[], parse: (text: string, what: string) => T) => {
    if (hung) return undefined
    try {
      return parse(await ask(args), what(args))
    } catch (error) {
      hung = error instanceof CommandError && error.timedOut
      skip(error instanceof Error ? error : new Error(String(error)))
      return undefined
    }
  }
  const all = ['-AdpAllInfo', '-aALL']
  const info = adaptersOf(await ask(all), what(all))
  const volumes = await more(['-LDPDInfo', '-aALL'], adaptersOf)
  const drives = await more(['-PDList', '-aALL'], adaptersOf)
  const batteries = await more(['-AdpBbuCmd', '-aALL'], adaptersOf)
  const patrol = await more(['-AdpPR', '-Info', '-aALL'], adaptersOf)
  const summary = await more(['-ShowSummary', '-aALL'], summaryOf)
  const answers = {
    info,
    ...(volumes && { volumes }),
    ...(drives && { drives }),
    ...(batteries && { batteries }),
    ...(patrol && { patrol }),
    ...(summary && { summary }),
  }
  const tasks = new Map<string, Map<string, Task[]>>()
  for (const { part, disks } of cardsOf(answers, () => undefined)) {
    for (const [state, command, operation] of going) {
      const places = disks.flatMap(({ part: drive, facts }) =>
        facts.state?.startsWith(state) ? [`${drive.enclosure}:${drive.slot}`] : [],
      )
      if (places.length === 0) continue
      const args = [command, '-ShowProg', '-PhysDrv', `[${places.join(',')}]`, `-a${part.controller}`]
      const found = (await more(args, progressOf)) ?? new Map<string, number>()
      const mine = tasks.get(part.controller) ?? new Map<string, Task[]>()
      for (const [where, ratio] of found) mine.set(where, [{ operation, ratio }])
      tasks.set(part.controller, mine)
    }
  }
  return {
    cards: cardsOf({ ...answers, tasks }, skip),
    unread: [...unread].filter((adapter) => !info.has(adapter)),
  }
}

const going = [
  ['Rebuild', '-PDRbld', 'rebuild'],
  ['Copyback', '-PDCpyBk', 'copyback'],
] as const

/** `Rebuild Progress on Device at Enclosure 252, Slot 3 Completed 23% in 15 Minutes.`, by `enclosure:slot` */
export function progressOf(text: string): ReadonlyMap<string, number> {
  const line = /Progress on Device at (?:Enclosure (\d{1,5}), )?Slot (\d{1,5}) Completed (\d{1,3})%/gi
  return new Map(
    [...text.matchAll(line)].flatMap(([, enclosure = '', slot, percent]) => {
      const ratio = ratioOf(percent)
      return ratio === undefined ? [] : [[`${enclosure}:${slot}`, ratio] as const]
    }),
  )
}
