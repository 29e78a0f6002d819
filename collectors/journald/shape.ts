/** What of the journal is wanted: which entries, by unit, identifier and priority, and which of their fields. */
import * as z from 'zod'
import type { Field } from '../../src/model.ts'
import type { ExportEntry } from './export.ts'

const patterns = z.array(z.string().min(1))
const names = z.array(z.string().regex(/^[A-Z0-9_]+$/))

export const shaping = {
  units: z
    .strictObject({
      include: patterns
        .default([])
        .describe('Only entries of these units; empty: all. `*` and `?` are wildcards.'),
      exclude: patterns.default([]).describe('No entries of these units.'),
    })
    .prefault({})
    .describe('By unit: _SYSTEMD_UNIT, or the user unit, or UNIT in messages of systemd itself.'),
  identifiers: z
    .strictObject({
      include: patterns.default([]).describe('Only entries of these identifiers; empty: all.'),
      exclude: patterns.default([]).describe('No entries of these identifiers.'),
    })
    .prefault({})
    .describe('By SYSLOG_IDENTIFIER, or _COMM where there is none.'),
  priority: z
    .int()
    .min(0)
    .max(7)
    .default(7)
    .describe(
      'Only entries of this priority or a more urgent one (0 emergency to 7 debug); those without one stay.',
    ),
  fields: z
    .strictObject({
      keep: names.default([]).describe('Only these fields, beside the times and the boot; empty: all.'),
      drop: names
        .default(['COREDUMP'])
        .describe('Fields left out; counted by node_journald_fields_dropped_total.'),
    })
    .prefault({})
    .describe('Which fields of an entry are kept.'),
}

export interface Shaping {
  readonly units: { readonly include: readonly string[]; readonly exclude: readonly string[] }
  readonly identifiers: { readonly include: readonly string[]; readonly exclude: readonly string[] }
  readonly priority: number
  readonly fields: { readonly keep: readonly string[]; readonly drop: readonly string[] }
}

export type FilterReason = 'unit' | 'identifier' | 'priority'

/** Never dropped: a receiver of the journal needs them. */
const needed = new Set(['__REALTIME_TIMESTAMP', '__MONOTONIC_TIMESTAMP', '_BOOT_ID'])
/** The entry's place here, which its record carries as id. */
const address = new Set(['__CURSOR', '__SEQNUM', '__SEQNUM_ID'])

/** @returns why an entry is not wanted, if so */
export function filterOf({
  units,
  identifiers,
  priority,
}: Shaping): (entry: ExportEntry) => FilterReason | undefined {
  const unitWanted = wanted(units)
  const identifierWanted = wanted(identifiers)
  return ({ fields }) => {
    if (priority < 7) {
      const said = text(fields, 'PRIORITY')
      if (said !== undefined && /^[0-7]$/.test(said) && Number(said) > priority) return 'priority'
    }
    if (unitWanted) {
      const unit =
        text(fields, 'UNIT') ?? text(fields, '_SYSTEMD_USER_UNIT') ?? text(fields, '_SYSTEMD_UNIT') ?? ''
      if (!unitWanted(unit)) return 'unit'
    }
    if (
      identifierWanted &&
      !identifierWanted(text(fields, 'SYSLOG_IDENTIFIER') ?? text(fields, '_COMM') ?? '')
    )
      return 'identifier'
    return undefined
  }
}

/** @returns which fields are kept; `dropped` is told of each that is not */
export function fieldsOf(
  { fields: { keep, drop } }: Shaping,
  dropped: () => void,
): (entry: ExportEntry) => Field[] {
  const kept = new Set(keep)
  const left = new Set(drop)
  return ({ fields, cut }) => {
    const found = fields.filter(([name]) => {
      if (address.has(name)) return false
      if (needed.has(name)) return true
      if (!left.has(name) && (kept.size === 0 || kept.has(name))) return true
      dropped()
      return false
    })
    for (const [name, bytes] of cut) {
      if (!left.has(name)) found.push(['REMORA_CUT', Buffer.from(`${name}:${bytes}`)])
    }
    return found
  }
}

/** @returns undefined if every entry is wanted */
export function fieldFilterOf(
  shaping: Shaping,
): ((fields: readonly Field[]) => FilterReason | undefined) | undefined {
  const { units, identifiers, priority } = shaping
  const lists = [units.include, units.exclude, identifiers.include, identifiers.exclude]
  if (priority === 7 && lists.every((list) => list.length === 0)) return undefined
  const filter = filterOf(shaping)
  return (fields) => filter({ fields, cut: [], bytes: 0 })
}

/** @returns whether fields of this name are kept */
export function keeperOf({ fields: { keep, drop } }: Shaping): (name: string) => boolean {
  const kept = new Set(keep)
  const left = new Set(drop)
  return (name) => !left.has(name) && (kept.size === 0 || kept.has(name))
}

function wanted(lists: {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}): ((text: string) => boolean) | undefined {
  const included = lists.include.map(globOf)
  const excluded = lists.exclude.map(globOf)
  if (included.length + excluded.length === 0) return undefined
  return (text) =>
    (included.length === 0 || included.some((glob) => glob.test(text))) &&
    !excluded.some((glob) => glob.test(text))
}

function globOf(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's')
}

/** The first value of a field, if it is there. */
export function text(fields: readonly Field[], wantedName: string): string | undefined {
  for (const [name, value] of fields)
    if (name === wantedName) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString()
  return undefined
}
