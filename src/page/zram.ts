/** zram: what each device is for, how full it is by what bounds it, what it takes. */
import { bytes, percent } from './figures.ts'
import { type Html, html } from './html.ts'
import { row, table } from './table.ts'
import type { StatusView, ZramView } from './view.ts'

export function zramSection({ zram }: StatusView): Html {
  if (zram.length === 0) return html`<h2>zram</h2><p>There is no zram device here.</p>`
  const rows = zram.map((device) =>
    row(device.device, [
      ['For', [device.kind, device.mountpoint].filter(Boolean).join(' ')],
      ['Algorithm', device.algorithm],
      [
        'Fill',
        device.fill.length === 0 ? undefined : html`<span class="fill">${device.fill.map(fillBar)}</span>`,
      ],
      [
        'Compression',
        device.compression.map(
          ({ denominator, ratio }, index) =>
            html`${index > 0 ? html`<br>` : undefined}<span class="nowrap">${ratio.toFixed(2)} : 1 <span class="why">${denominator}</span></span>`,
        ),
      ],
      ['Memory', memory(device)],
    ]),
  )
  return html`<h2>zram</h2>${table(['Device', 'For', 'Algorithm', 'Fill by constraint', 'Compression', 'Memory'], rows)}`
}

function memory({ memUsedBytes, origDataBytes, diskSizeBytes }: ZramView): Html | undefined {
  if (memUsedBytes === undefined) return undefined
  const stored =
    origDataBytes === undefined
      ? undefined
      : html`<br><span class="why nowrap">for ${bytes(origDataBytes)} stored</span>`
  const size =
    diskSizeBytes === undefined
      ? undefined
      : html`<br><span class="why nowrap">of at most ${bytes(diskSizeBytes)}</span>`
  return html`${bytes(memUsedBytes)}${stored}${size}`
}

/** A bar without a style attribute, which the page's policy forbids. */
function fillBar({ constraint, ratio }: { readonly constraint: string; readonly ratio: number }): Html {
  const level = ratio >= 0.95 ? 'bad' : ratio >= 0.85 ? 'warn' : 'good'
  const width = (Math.min(1, Math.max(0, ratio)) * 100).toFixed(1)
  return html`<span>${constraint}</span><svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="back" width="100" height="6"/><rect class="${level}" width="${width}" height="6"/></svg><span>${percent(ratio)}</span>`
}
