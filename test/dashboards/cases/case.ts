/** What happens to some series, and which alerts it raises. */
export interface Case {
  readonly alert: string
  /** What happens, for the reader. */
  readonly when: string
  /** Series and values in promtool's notation, one a minute; `n` stands for the labels of the node. */
  readonly series: Readonly<Record<string, string>>
  readonly at: string
  /** Labels beside those of the node, with the value as the texts show it. */
  readonly fires: readonly { readonly labels: Readonly<Record<string, string>>; readonly shown?: string }[]
}

/** A series of the node n1. */
export function of(metric: string, labels: Readonly<Record<string, string>> = {}): string {
  const all = { job: 'remora', instance: 'n1', ...labels }
  return `${metric}{${Object.entries(all).map(([name, value]) => `${name}="${value}"`)}}`
}
