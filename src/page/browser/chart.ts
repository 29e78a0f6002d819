/** One chart by uPlot, drawn anew when its lines, its width or the theme change. */
import uPlot from 'uplot'
import sheet from 'uplot/dist/uPlot.min.css'

export interface ChartKind {
  readonly title: string
  readonly words: (value: number) => string
  /** From 0 to 1 at least. */
  readonly isRatio: boolean
}

export interface Line {
  readonly label: string
  readonly values: readonly (number | null)[]
}

const height = 180
/** A chart that has just begun shows its beginning at this scale. */
const leastSeconds = 300
/** Variables of the style sheet. */
const colours = ['--line1', '--line2', '--line3', '--line4', '--line5']
/** Told apart without colour. */
const dashes = [[], [8, 4], [2, 3], [8, 3, 2, 3], [14, 4]]

// The page's policy lets no style element in; a constructed sheet is the script's own.
const styles = new CSSStyleSheet()
styles.replaceSync(sheet)
document.adoptedStyleSheets.push(styles)

export class Chart {
  readonly #kind: ChartKind
  readonly #canvas = document.createElement('div')
  readonly #caption = document.createElement('figcaption')
  #plot: uPlot | undefined
  #labels = ''
  #times: readonly number[] = []
  #lines: readonly Line[] = []

  constructor(place: Element, kind: ChartKind) {
    this.#kind = kind
    const figure = document.createElement('figure')
    this.#canvas.setAttribute('role', 'img')
    this.#canvas.setAttribute('aria-label', `Chart: ${kind.title} in the last hour`)
    figure.append(this.#caption, this.#canvas)
    place.append(figure)
    new ResizeObserver(() => this.#plot?.setSize({ width: this.#canvas.clientWidth, height })).observe(figure)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#renew())
  }

  /** @param times seconds since the epoch */
  draw(times: readonly number[], lines: readonly Line[]): void {
    this.#times = times
    this.#lines = lines
    this.#caption.replaceChildren(...captionOf(this.#kind, lines))
    const labels = lines.map(({ label }) => label).join('\0')
    if (this.#plot === undefined || labels !== this.#labels) this.#renew()
    else this.#plot.setData(this.#data())
    this.#labels = labels
  }

  #data(): uPlot.AlignedData {
    return [[...this.#times], ...this.#lines.map(({ values }) => [...values])]
  }

  #renew(): void {
    this.#plot?.destroy()
    this.#plot = undefined
    if (this.#lines.length === 0) return
    const style = getComputedStyle(document.documentElement)
    const colour = (name: string) => style.getPropertyValue(name).trim()
    const axis = {
      stroke: colour('--faint'),
      grid: { stroke: colour('--line') },
      ticks: { stroke: colour('--line') },
    }
    const { words, isRatio } = this.#kind
    this.#plot = new uPlot(
      {
        width: this.#canvas.clientWidth,
        height,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false } },
        scales: {
          x: { range: (_plot, first, last) => [Math.min(first, last - leastSeconds), last] },
          y: { range: (_plot, _least, most) => [0, isRatio ? Math.max(1, most) : (most || 1) * 1.1] },
        },
        axes: [
          {
            ...axis,
            space: 70,
            size: 34,
            values: [[60, '{HH}:{mm}', null, null, null, null, null, null, 1]],
          },
          { ...axis, size: 72, values: (_plot, splits) => splits.map((value) => words(value)) },
        ],
        series: [
          {},
          ...this.#lines.map(({ label }, at) => ({
            label,
            stroke: colour(colours[at % colours.length] ?? ''),
            width: 2,
            dash: dashes[at % dashes.length] ?? [],
            points: { show: this.#times.length < 2 },
          })),
        ],
      },
      this.#data(),
      this.#canvas,
    )
  }
}

/** `Fill: disksize 42.0 % (from 12.0 %)`: the legend, with what the lines say. */
function captionOf({ title, words }: ChartKind, lines: readonly Line[]): Node[] {
  const name = document.createElement('strong')
  name.textContent = `${title} `
  const parts = lines.map(({ label, values }, at) => {
    const part = document.createElement('span')
    part.className = `legend line${(at % colours.length) + 1}`
    const first = values.find((value) => value !== null)
    const last = values.findLast((value) => value !== null)
    const from =
      first === undefined || first === null || first === last ? '' : `, from ${whole(words(first))}`
    part.textContent = last === undefined || last === null ? label : `${label} ${whole(words(last))}${from}`
    return part
  })
  return [name, ...parts]
}

/** Number and unit stay on one line. */
function whole(words: string): string {
  return words.replaceAll(' ', '\u00a0')
}
