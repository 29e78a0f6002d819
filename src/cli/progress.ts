/** What a command that takes longer than two seconds waits for, on a terminal: one line on stderr that goes when it is done. */
const quietMilliseconds = 2000
const clearLine = '\r\x1b[K'
const columns = 79

/** @param show writes to the terminal; undefined where there is none @returns what takes a name off the list */
export function waitingFor(
  names: readonly string[],
  show: ((text: string) => void) | undefined,
): { done(name: string): void; [Symbol.dispose](): void } {
  const left = new Set(names)
  let shown = false
  const draw = () => {
    shown = true
    show?.(
      `${clearLine}${`${names.length - left.size} of ${names.length}, waiting for ${[...left].join(', ')}`.slice(0, columns)}`,
    )
  }
  const timer = show && setTimeout(draw, quietMilliseconds)
  return {
    done(name) {
      left.delete(name)
      if (shown && left.size > 0) draw()
    },
    [Symbol.dispose]() {
      clearTimeout(timer)
      if (shown) show?.(clearLine)
      shown = false
    },
  }
}
