/**
 * Makes an element's content what a text of HTML says, changing only what differs: focus, selections, scroll positions
 * and what was folded by hand stay.
 */
export function morph(target: Element, text: string): void {
  const template = document.createElement('template')
  template.innerHTML = text
  patchChildren(target, template.content)
}

function patchChildren(target: Node, wanted: Node): void {
  const olds = [...target.childNodes]
  const news = [...wanted.childNodes]
  for (const [at, next] of news.entries()) {
    const old = olds[at]
    if (old === undefined) target.appendChild(next)
    else if (old.nodeName !== next.nodeName) target.replaceChild(next, old)
    else patch(old, next)
  }
  for (const old of olds.slice(news.length)) target.removeChild(old)
}

function patch(old: Node, next: Node): void {
  if (old instanceof Element && next instanceof Element) {
    patchAttributes(old, next)
    patchChildren(old, next)
  } else if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue
}

function patchAttributes(old: Element, next: Element): void {
  for (const { name, value } of next.attributes)
    if (!isTheReaders(old, name) && old.getAttribute(name) !== value) old.setAttribute(name, value)
  for (const { name } of [...old.attributes])
    if (!isTheReaders(old, name) && !next.hasAttribute(name)) old.removeAttribute(name)
}

/** Whether a part is folded is for the reader to say. */
function isTheReaders(element: Element, attribute: string): boolean {
  return element.nodeName === 'DETAILS' && attribute === 'open'
}
