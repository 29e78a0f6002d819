/** How memory errors are written: counts in sysfs, the label of a DIMM, the rows of /proc/interrupts. */
import { ParseError } from '../../src/errors.ts'

/** @throws {ParseError} unless it is a whole number below 2^53 */
export function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new ParseError(`Cannot parse count "${text}": expected a whole number`)
  return Number(text)
}

/** As node_exporter writes it: `mc#0csrow#1channel#0` becomes `mc0_csrow1_channel0`. */
export function labelOf(text: string | undefined): string {
  if (text === undefined) return 'unknown'
  return text.replaceAll('#', '').replaceAll('csrow', '_csrow').replaceAll('channel', '_channel')
}

/** By the kernel's abbreviation. Polls (MCP) tell nothing. */
const kinds: Readonly<Record<string, string>> = { MCE: 'exception', THR: 'threshold', DFR: 'deferred' }

/**
 * Sums the rows of machine checks over all CPUs.
 * @returns by kind, those that this kernel has
 * @throws {ParseError} if such a row has no count
 */
export function parseInterrupts(text: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const [line, name = '', rest = ''] of text.matchAll(/^ *(MCE|THR|DFR):(.*)$/gm)) {
    let sum = 0
    let cpus = 0
    for (const word of rest.trim().split(/ +/)) {
      if (!/^\d{1,12}$/.test(word)) break
      sum += Number(word)
      cpus += 1
    }
    if (cpus === 0) throw new ParseError(`Cannot parse interrupts "${line}": expected a count for each CPU`)
    found.set(kinds[name] ?? name, sum)
  }
  return found
}
