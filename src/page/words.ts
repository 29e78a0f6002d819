/** Values of the status in words. */
import { count } from './figures.ts'
import type { Amount } from './view.ts'

export function amountWords({ records, samples }: Amount): string {
  const parts = []
  if (records > 0) parts.push(`${count(records)} ${records === 1 ? 'record' : 'records'}`)
  if (samples > 0) parts.push(`${count(samples)} ${samples === 1 ? 'sample' : 'samples'}`)
  return parts.join(', ') || 'none'
}

/** The labels of node_root_info as words: `zram, ext4, ephemeral`. */
export function rootWords(labels: Readonly<Record<string, string>>): string {
  const flag = (name: string, value: string) =>
    value === 'true' ? name : value === 'false' ? `not ${name}` : value
  return Object.entries(labels)
    .map(([name, value]) => flag(name, value))
    .filter((word) => word !== '')
    .join(', ')
}
