/** 3ware controllers (AMCC, LSI) through tw_cli. One question a controller, one a drive, one for the battery. */
import { CommandError, ParseError } from '../../../src/errors.ts'
import type { SourceBatch } from '../../../src/model.ts'
import { given, numberAt, type Row } from '../text.ts'
import type { LogContext, RaidVendor, VendorContext, VendorItem } from '../vendor.ts'
import { newAlarms, parseAlarms } from './alarms.ts'
import { twMetrics, twSamples } from './de-facto.ts'
import {
  parseTwBattery,
  parseTwDrives,
  parseTwEnclosure,
  parseTwFields,
  parseTwList,
  parseTwUnits,
  type TwEnclosure,
  type TwList,
} from './tw.ts'
import { type TwCard, twParts } from './tw-parts.ts'

export const threeware: RaidVendor = {
  family: '3ware',
  vendors: ['3ware'],
  names: ['tw_cli', 'tw_cli.x86_64', 'tw_cli-9xxx', 'tw-cli'],
  folders: ['/opt/AMCC/CLI', '/opt/3ware/CLI', '/opt/lsi/tw_cli'],
  metrics: twMetrics,
  read: readControllers,
  readLogs: readAlarms,
}

/** The alarms of each controller; those of the oldest series are seen by the first program alone that asks for them. */
async function* readAlarms(context: LogContext): AsyncGenerator<SourceBatch> {
  const ask = asker(context)
  const streams = new Set<string>()
  for (const { name } of (await list(ask)).controllers) {
    try {
      const fields = parseTwFields(await ask.must(`/${name}`, 'show', 'all'), `/${name}`)
      const serial = given(fields.get('Serial Number')) ?? `3ware-${name}`
      const stream = streams.has(serial) ? `${serial}-${name}` : serial
      streams.add(stream)
      const alarms = parseAlarms(await ask.must(`/${name}`, 'show', 'alarms'))
      yield* newAlarms(alarms, { stream, controller: name.slice(1) }, context)
    } catch (cause) {
      if (context.signal.aborted) throw cause
      context.skip(new Error(`Cannot read the alarms of controller ${name}`, { cause }))
    }
  }
}

async function* readControllers(context: VendorContext): AsyncGenerator<VendorItem> {
  const { skip, signal } = context
  const ask = asker(context)
  const { controllers, enclosures } = await list(ask)
  const shelves: TwEnclosure[] = []
  for (const path of enclosures) {
    // Older controllers know their enclosures by /e0, and show all at once.
    const text = await ask.may(path, 'show', ...(path.startsWith('/c') ? ['all'] : []))
    if (text === undefined) continue
    try {
      shelves.push(parseTwEnclosure(text))
    } catch (cause) {
      skip(new Error(`Cannot read enclosure ${path}`, { cause }))
    }
  }
  for (const { name, battery } of controllers) {
    try {
      const card = await readCard(name, battery, ask)
      const enclosures = shelves.filter((shelf) => shelf.controller === card.controller)
      const parts = twParts({ ...card, enclosures })
      yield* parts
      yield* twSamples(card)
      for (const { kind, vendor, controller, controllerSerial } of parts)
        if (kind === 'controller') yield { complete: { vendor, controller, controllerSerial } }
    } catch (cause) {
      if (signal.aborted) throw cause
      skip(new Error(`Cannot read controller ${name}`, { cause }))
      yield { unread: name.slice(1) }
    }
  }
}

/** `show`, which the oldest versions only know as `info`. */
async function list(ask: Asker): Promise<TwList> {
  try {
    return parseTwList(await ask.must('show'))
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    return parseTwList(await ask.must('info'))
  }
}

/** @throws {ParseError} its units or its drives are not told; {CommandError} the tool does not answer */
async function readCard(name: string, bbu: string | undefined, ask: Asker): Promise<TwCard> {
  const all = await ask.must(`/${name}`, 'show', 'all')
  const fields = parseTwFields(all, `/${name}`)
  if (fields.size === 0)
    throw new ParseError(`Cannot parse tw_cli /${name} show all "${all.trim()}": no line "/${name} … = …"`)
  const units = parseTwUnits(all) ?? parseTwUnits(await ask.must(`/${name}`, 'show', 'unitstatus'))
  const drives = parseTwDrives(all) ?? parseTwDrives(await ask.must(`/${name}`, 'show', 'drivestatus'))
  // Without units or drives there is no table of them; an error in its place is something else.
  if (units === undefined && numberAt(fields.get('Units')) !== 0)
    throw new ParseError(`Cannot parse tw_cli /${name} show all: no table of units`)
  if (drives === undefined && numberAt(fields.get('Drives')) !== 0)
    throw new ParseError(`Cannot parse tw_cli /${name} show all: no table of drives`)
  const ports = firstOf(drives ?? [], 'Port')
  const batteries = parseTwBattery(all) ?? (bbu === undefined ? [] : [{ Name: 'bbu', Status: bbu }])
  const details = new Map<string, ReadonlyMap<string, string>>()
  for (const { Port, Status } of ports) {
    if (Port === undefined || Status === 'NOT-PRESENT') continue
    const text = await ask.may(`/${name}/${Port}`, 'show', 'all')
    const own = parseTwFields(text ?? '', `/${name}/${Port}`)
    if (own.size > 0) details.set(Port, own)
  }
  const has = batteries.some(({ Status }) => given(Status) !== undefined)
  const battery = has ? await ask.may(`/${name}/bbu`, 'show', 'all') : undefined
  return {
    controller: name.slice(1),
    fields,
    units: firstOf(units ?? [], 'Unit'),
    drives: ports,
    batteries: firstOf(batteries, 'Name'),
    enclosures: [],
    details,
    batteryDetails: parseTwFields(battery ?? '', `/${name}/bbu`),
  }
}

/** The first row of each name: what a tool prints twice is one thing. */
function firstOf(rows: readonly Row[], column: string): Row[] {
  const seen = new Set<string | undefined>()
  return rows.filter((row) => !seen.has(row[column]) && seen.add(row[column]))
}

interface Asker {
  /** What the tool says, on either output, whatever its exit status. @throws {CommandError} it cannot be run */
  must(...args: readonly string[]): Promise<string>
  /** As `must`; undefined, and reported, when it fails: there is more to read than this. A controller that hangs is not asked more. */
  may(...args: readonly string[]): Promise<string | undefined>
}

/** Where so many controllers hang it is not they: the others are not waited for. */
const mostHung = 2

function asker({ tool, skip, signal }: VendorContext): Asker {
  const hung = new Set<string>()
  const cardOf = (object = '') => /^\/(c\d{1,3})/.exec(object)?.[1] ?? ''
  const must = async (...args: readonly string[]) => {
    const card = cardOf(args[0])
    if (hung.size >= mostHung)
      throw new CommandError(`Cannot ask tw_cli ${args.join(' ')}: ${hung.size} controllers hang`)
    try {
      const { stdout, stderr } = await tool.exec(args, card === '' ? {} : { hangs: `controller ${card}` })
      return `${stdout.toString()}\n${stderr}`
    } catch (error) {
      if (error instanceof CommandError && error.timedOut) hung.add(card)
      throw error
    }
  }
  return {
    must,
    async may(...args) {
      if (hung.has(cardOf(args[0]))) return undefined
      try {
        return await must(...args)
      } catch (error) {
        if (signal.aborted) throw error
        skip(error instanceof Error ? error : new Error(String(error)))
        return undefined
      }
    },
  }
}
