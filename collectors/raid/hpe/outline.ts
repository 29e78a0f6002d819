/**
 * What ssacli, hpssacli and hpacucli print, as an outline by indentation. `show status`, `show config`, `show config
 * detail` and `ld all show` of every version share it: a controller at the margin, below it arrays, logical and physical
 * drives and other things, each with the properties that stand further in.
 */
import { ParseError, ToolError } from '../../../src/errors.ts'
import { linesOf } from '../text.ts'

export type NodeKind = 'controller' | 'array' | 'logical drive' | 'physical drive' | 'sensor' | 'other'

export interface Node {
  readonly kind: NodeKind
  /** `1`, `A`, `1I:1:2`; of other things the whole line. */
  readonly name: string
  /** What stands behind it in brackets: `558.9 GB, RAID 1, OK`. */
  readonly said: string
  readonly indent: number
  /** By key in lower case; the first of a key counts. */
  readonly values: Map<string, string>
  readonly children: Node[]
}

/**
 * @returns the controllers, in the order of the text
 * @throws {ToolError} it says that there is none, or that it may not look; {ParseError} no controller is in it
 */
export function parseOutline(text: string): Node[] {
  const controllers: Node[] = []
  let open: Node[] = []
  for (const line of linesOf(text.replaceAll('\t', '   '))) {
    const words = line.trim()
    if (words === '') continue
    const indent = line.length - line.trimStart().length
    const controller = indent === 0 ? controllerOf(words) : undefined
    if (controller !== undefined) {
      controllers.push(controller)
      open = [controller]
      continue
    }
    // A warning at the margin, a prompt: nothing below it belongs to the controller before.
    if (indent === 0) open = []
    open = open.filter((node) => node.indent < indent)
    const parent = open.at(-1)
    if (parent === undefined) continue
    const node = nodeOf(words, indent)
    if (node !== undefined) {
      parent.children.push(node)
      open.push(node)
    } else setValue(parent, words)
  }
  if (controllers.length === 0) throw refusal(text)
  return distinct(controllers)
}

/** `Smart Array P410i in Slot 0 (Embedded)    (sn: 5001438001)`, `MSA1500 CS in MY STORAGE`. */
function controllerOf(words: string): Node | undefined {
  const [heading = '', serial] = words.split(/ {1,60}\(sn: ?/)
  const at = heading.indexOf(' in ')
  if (at < 0 || /: |^(error|warning|note)\b|^[#$]|\.$/i.test(heading)) return undefined
  const place = heading.slice(at + 4).trim()
  const name = /^slot (\S+)/i.exec(place)?.[1] ?? place
  const node = nodeAt('controller', name, heading.slice(0, at).trim(), 0)
  if (serial !== undefined) node.values.set('serial number', serial.replace(/\)$/, ''))
  return node
}

function nodeAt(kind: NodeKind, name: string, said: string, indent: number): Node {
  return { kind, name, said, indent, values: new Map(), children: [] }
}

const headings: readonly (readonly [RegExp, NodeKind])[] = [
  [/^array:? ([A-Z]{1,3})(?: \((.*)\))?$/i, 'array'],
  [/^logical ?drive:? (\d{1,4})(?: \((.*)\))?$/i, 'logical drive'],
  [/^physicaldrive (\S{1,20})(?: \((.*)\))?$/i, 'physical drive'],
  [/^sensor id: (\d{1,4})$/i, 'sensor'],
]

/** @returns undefined for a property */
function nodeOf(words: string, indent: number): Node | undefined {
  for (const [heading, kind] of headings) {
    const [found, name = '', said = ''] = heading.exec(words) ?? []
    if (found !== undefined) return nodeAt(kind, name, said, indent)
  }
  if (/^(port name|mirror group \d+):/i.test(words) || !/:(?: |$)/.test(words))
    return nodeAt('other', words, '', indent)
  // `Internal Drive Cage at Port 1I, Box 1, OK` has no colon; `SEP (Vendor ID HP, ...) 250 (WWID: 5001)` has one inside.
  return /^(sep|expander|enclosure) /i.test(words) ? nodeAt('other', words, '', indent) : undefined
}

function setValue({ values }: Node, words: string): void {
  const at = words.search(/:(?: |$)/)
  const key = words.slice(0, at).trim().toLowerCase().replace(/ +/g, ' ')
  const value = words.slice(at + 1).trim()
  if (at > 0 && value !== '' && !values.has(key)) values.set(key, value)
}

/** Two controllers of one chassis are printed alike: the second is told by its number. */
function distinct(controllers: readonly Node[]): Node[] {
  const seen = new Map<string, number>()
  return controllers.map((node) => {
    const times = (seen.get(node.name) ?? 0) + 1
    seen.set(node.name, times)
    return times === 1 ? node : { ...node, name: `${node.name} (${times})` }
  })
}

function refusal(text: string): Error {
  const said = /^ *error: ?(.{0,200})/im.exec(text)?.[1]?.trim() ?? text.trim().slice(0, 100)
  if (/no controllers? (detected|found)/i.test(text))
    return new ToolError(`Cannot list controllers: ${said}`, 'no-controller')
  if (/administrator|permission|privilege|root/i.test(text))
    return new ToolError(`Cannot list controllers: ${said}`, 'no-permission')
  return new ParseError(`Cannot parse Smart Array controllers "${said}": none is in it`)
}
