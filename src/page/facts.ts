/** Which node this is, below its name. */
import { duration } from './figures.ts'
import { type Html, html } from './html.ts'
import type { StatusView } from './view.ts'
import { rootWords } from './words.ts'

export function factsList({ root, bootId, version, nowMilliseconds, startedMilliseconds }: StatusView): Html {
  const running = duration((nowMilliseconds - startedMilliseconds) / 1000)
  return html`${fact('Root', root ? rootWords(root) : undefined)}${fact('Boot', bootId)}${fact('Remora', `${version}, running for ${running}`)}`
}

function fact(name: string, value: string | undefined): Html {
  return value ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : html``
}
