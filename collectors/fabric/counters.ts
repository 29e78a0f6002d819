/** The counters of ports, as perfquery prints them: `SymbolErrorCounter:..............0`, a heading for each port. */
import { ParseError } from '../../src/errors.ts'

export interface PortCounters {
  readonly port: string
  readonly values: ReadonlyMap<string, number>
}

/** @throws {ParseError} no counters of any port are in it */
export function parseCounters(text: string): PortCounters[] {
  const ports: { port: string; values: Map<string, number> }[] = []
  for (const line of text.split('\n')) {
    const [, heading] = /^# Port.* port (\d{1,4})\b/.exec(line) ?? []
    if (heading !== undefined) ports.push({ port: heading, values: new Map() })
    const [, name, value] = /^(\w{1,60}):\.*(\d{1,20})$/.exec(line.trim()) ?? []
    if (name !== undefined && value !== undefined) ports.at(-1)?.values.set(name, Number(value))
  }
  if (ports.length === 0)
    throw new ParseError(
      `Cannot parse perfquery "${text.trim().slice(0, 160)}": expected "# Port … port N" and its counters`,
    )
  return ports
}
