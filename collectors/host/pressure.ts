/**
 * Pressure stall information, with node_exporter's names.
 * Reads /proc/pressure/{cpu,io,memory,irq}: `some|full avg10= avg60= avg300= total=<microseconds>`, at most a line each.
 * Kernels before 4.20, or with CONFIG_PSI off, lack the folder; with psi=0 its files give EOPNOTSUPP; irq came with 6.1.
 * @see Linux Documentation/accounting/psi.rst
 */
import { ParseError } from '../../src/errors.ts'
import { counter } from '../../src/model.ts'

/** cpu `full` is no statement about the whole machine, and irq has no `some`. */
export const pressureMetrics = [
  {
    file: 'cpu',
    line: 'some',
    metric: counter(
      'node_pressure_cpu_waiting_seconds_total',
      'seconds',
      'pressure/cpu some',
      'Time in which some task waited for a CPU.',
    ),
  },
  {
    file: 'io',
    line: 'some',
    metric: counter(
      'node_pressure_io_waiting_seconds_total',
      'seconds',
      'pressure/io some',
      'Time in which some task waited for input or output.',
    ),
  },
  {
    file: 'io',
    line: 'full',
    metric: counter(
      'node_pressure_io_stalled_seconds_total',
      'seconds',
      'pressure/io full',
      'Time in which no task made progress because of input or output.',
    ),
  },
  {
    file: 'memory',
    line: 'some',
    metric: counter(
      'node_pressure_memory_waiting_seconds_total',
      'seconds',
      'pressure/memory some',
      'Time in which some task waited for memory.',
    ),
  },
  {
    file: 'memory',
    line: 'full',
    metric: counter(
      'node_pressure_memory_stalled_seconds_total',
      'seconds',
      'pressure/memory full',
      'Time in which no task made progress because of memory.',
    ),
  },
  {
    file: 'irq',
    line: 'full',
    metric: counter(
      'node_pressure_irq_stalled_seconds_total',
      'seconds',
      'pressure/irq full',
      'Time in which no task made progress because of interrupts.',
    ),
  },
] as const

/**
 * Parses one file of /proc/pressure.
 * @returns seconds by line (`some`, `full`); a line that is not there is absent.
 * @throws {ParseError} a line without a total.
 */
export function parsePressure(text: string): Map<string, number> {
  const seconds = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const match = /^(\w+) .*\btotal=(\d+)$/.exec(line)
    if (!match) throw new ParseError(`Cannot parse pressure line "${line}": no total`)
    seconds.set(match[1] ?? '', Number(match[2]) / 1e6)
  }
  return seconds
}
