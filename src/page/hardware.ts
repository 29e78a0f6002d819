/** The hardware tree: controller, array, drive; HCA, port. What has parts can be folded. */
import { type Html, html } from './html.ts'
import { mark } from './table.ts'
import type { Part, StatusView } from './view.ts'

/** A part with more parts is folded unless one of them is not well. */
const mostUnfolded = 12

export function hardwareSection({ hardware }: StatusView): Html {
  if (hardware.length === 0)
    return html`<h2>Hardware</h2><p>No RAID controller, drive or port is known here.</p>`
  return html`<h2>Hardware</h2><ul class="tree">${hardware.map(item)}</ul>`
}

function item(part: Part): Html {
  if (part.parts.length === 0) return html`<li>${line(part)}</li>`
  const isOpen = part.parts.length <= mostUnfolded || part.parts.some(isUnwell)
  const inside = html`<summary>${line(part)}</summary><ul>${part.parts.map(item)}</ul>`
  return isOpen
    ? html`<li><details open>${inside}</details></li>`
    : html`<li><details>${inside}</details></li>`
}

function line({ kind, name, detail, state, mark: level }: Part): Html {
  const said = state === '' ? undefined : mark(level, state)
  const more = detail === '' ? undefined : html` <span class="why">${detail}</span>`
  return html`<span class="part">${kind} <strong>${name}</strong></span> ${said}${more}`
}

function isUnwell({ mark: level, parts }: Part): boolean {
  return level === 'bad' || level === 'warn' || parts.some(isUnwell)
}
