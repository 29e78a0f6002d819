/** One Markdown table, aligned as the formatter would. */

/** Cells may hold Markdown code; what else would be markup in a cell is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(escaped))
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`
  const rule = widths.map((width) => '-'.repeat(width))
  return cells.map(line).toSpliced(1, 0, line(rule)).join('\n')
}

function escaped(cell: string): string {
  const parts = cell.replaceAll('\n', ' ').replaceAll('|', '\\|').split('`')
  return parts.map((part, index) => (index % 2 === 0 ? part.replace(/[*_<>]/g, '\\$&') : part)).join('`')
}
