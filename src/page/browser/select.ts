/** Elements of the document, and the options of its lists. */

/** @throws {Error} the document has no such element */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`Cannot find element "${id}": the page has none`)
  return found
}

/** @throws {Error} it is not of this kind */
export function byIdOf<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = byId(id)
  if (!(found instanceof kind)) throw new Error(`Cannot use element "${id}": it is a ${found.nodeName}`)
  return found
}

/** Makes these the options after the first `kept`, and leaves the chosen one chosen if it is still there. */
export function setOptions(list: HTMLSelectElement, values: readonly string[], kept: number): void {
  const before = [...list.options].slice(kept).map(({ value }) => value)
  if (before.join('\0') === values.join('\0')) return
  const chosen = list.value
  list.length = kept
  for (const value of values) list.add(new Option(value, value, false, value === chosen))
}
