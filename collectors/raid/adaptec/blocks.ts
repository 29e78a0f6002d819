/**
 * The text that arcconf prints, as blocks of keys and values. Sections (`Logical device information`) stand above a
 * dashed line at the margin, parts of them above an indented one; items begin with a number (`Device #3`). Versions
 * differ in their upper case, in dashes above a title and in which keys they print, so nothing else is relied on.
 * @see Microchip/Adaptec RAID Controller Command Line Utility User's Guide, GETCONFIG
 */

/** Keys and values that belong together. */
export interface Block {
  /** In lower case: `physical device information`; empty before the first. */
  readonly section: string
  /** What numbers the item, in lower case, and its number: `device #`, `3`; both empty outside of items. */
  readonly item: string
  readonly number: string
  /** Of the part, in lower case: `controller version information`; empty in none. */
  readonly part: string
  /** The `Channel #` it stands under, where there is one. */
  readonly channel: string
  /** In the order of the text, keys in lower case. */
  readonly values: (readonly [key: string, value: string])[]
  /** Lines without a value: `Device is a Hard drive`. */
  readonly lines: string[]
}

export interface Text {
  readonly blocks: readonly Block[]
  /** It ends as arcconf ends: nothing is missing. */
  readonly whole: boolean
}

const dashes = /^-{10,}$/
const items =
  /^(logical d(?:evice|rive) number|maxcache device number|array number|device #|channel #)\s*(\d{1,6}):?$/i

/** Never throws: what is no block of arcconf gives none that anyone asks for. */
export function parseBlocks(text: string): Text {
  const whole = /^Command completed successfully/m.test(text)
  const lines = text.split('\n').map((line) => line.trimEnd())
  // Torn in its last line, a number would be another number.
  if (!whole) lines.pop()
  const blocks: Block[] = []
  let block = begin(blocks, {})
  for (const [index, line] of lines.entries()) {
    const words = line.trim()
    if (words === '' || dashes.test(words)) continue
    const [, item, number] = items.exec(words) ?? []
    if (item !== undefined && number !== undefined) {
      const { section, channel } = block
      const isChannel = item.toLowerCase() === 'channel #'
      if (isChannel) block = begin(blocks, { section, channel: number })
      else block = begin(blocks, { section, channel, item: keyOf(item), number })
      continue
    }
    const at = words.search(/:(\s|$)/)
    if (at >= 0) {
      block.values.push([keyOf(words.slice(0, at)), words.slice(at + 1).trim()])
    } else if (isTitle(lines, index)) {
      const title = keyOf(words)
      block = line === words ? begin(blocks, { section: title }) : begin(blocks, { ...block, part: title })
    } else block.lines.push(words)
  }
  return { blocks, whole }
}

function begin(blocks: Block[], place: Partial<Omit<Block, 'values' | 'lines'>>): Block {
  const { section = '', item = '', number = '', part = '', channel = '' } = place
  const block = { section, item, number, part, channel, values: [], lines: [] }
  blocks.push(block)
  return block
}

/** The next line that is not empty is dashed. */
function isTitle(lines: readonly string[], index: number): boolean {
  // One empty line may be between.
  const next = lines[index + 1]?.trim() || lines[index + 2]?.trim()
  return next !== undefined && dashes.test(next)
}

/** ServeRAID says drive where all others say device. */
function keyOf(words: string): string {
  return words.trim().toLowerCase().replace(/\s+/g, ' ').replace('logical drive', 'logical device')
}

/** @returns the value of the first of these keys that the blocks have and that is not empty */
export function textOf(blocks: readonly Block[], ...keys: readonly string[]): string | undefined {
  for (const key of keys)
    for (const { values } of blocks)
      for (const [name, value] of values) if (name === key && value !== '') return value
  return undefined
}
