/** Tables of the page: a heading cell names the part, each other cell carries its column's name for narrow screens. */
import { type Html, html, type Value } from './html.ts'

/** How a word is coloured; the word alone says it too. */
export type Mark = 'good' | 'warn' | 'bad' | 'faint'

export function mark(kind: Mark, word: string): Html {
  return html`<span class="mark ${kind}">${word}</span>`
}

/** @param numbers the headings over figures */
export function table(
  headings: readonly string[],
  rows: readonly Html[],
  numbers: ReadonlySet<string> = new Set(),
): Html {
  const heads = headings.map((heading) =>
    numbers.has(heading)
      ? html`<th scope="col" class="number">${heading}</th>`
      : html`<th scope="col">${heading}</th>`,
  )
  return html`<table><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table>`
}

export type Cell = readonly [label: string, value: Value, kind?: 'number']

export function row(name: string, cells: readonly Cell[]): Html {
  const all = cells.map(([label, value, kind]) => {
    const empty = value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
    const content = empty ? undefined : html`<span>${value}</span>`
    return kind === 'number'
      ? html`<td data-label="${label}" class="number">${content}</td>`
      : html`<td data-label="${label}">${content}</td>`
  })
  return html`<tr><th scope="row">${name}</th>${all}</tr>`
}
