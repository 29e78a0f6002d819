/** What an operator asks first: is anything wrong, and with what. */
import { type Html, html } from './html.ts'
import { type Mark, mark } from './table.ts'
import type { Area, Problem, StatusView } from './view.ts'

/** So many are drawn; the rest is a number. */
const mostProblems = 50

export function summarySection({ areas, problems }: StatusView): Html {
  return html`<h2>${headline(problems)}</h2>
${
  problems.length === 0
    ? undefined
    : html`<ul class="problems">${problems.slice(0, mostProblems).map(problemItem)}</ul>`
}${
  problems.length > mostProblems
    ? html`<p class="why">And ${problems.length - mostProblems} more.</p>`
    : undefined
}
<dl class="areas">${areas.map(areaItem)}</dl>`
}

export function headline(problems: readonly Problem[]): string {
  if (problems.length === 0) return 'Nothing is wrong'
  return problems.length === 1 ? 'One thing is wrong' : `${problems.length} things are wrong`
}

function problemItem({ level, area, words, source }: Problem): Html {
  const of = source === undefined ? undefined : html` <span class="why">${source}</span>`
  return html`<li class="note ${level}"><strong>${area}:</strong> ${words}.${of}</li>`
}

const marks: Readonly<Record<Mark, string>> = { good: '✓ well', warn: '! look', bad: '✗ wrong', faint: '–' }

function areaItem({ name, mark: level, words }: Area): Html {
  return html`<div><dt>${name} ${mark(level, marks[level])}</dt><dd>${words}</dd></div>`
}
