/** What the kill test issues, known to all its processes: a source that counts, some of it filtered, missed or refused. */

/** Records of one batch of the source. */
export const batchRecords = 500

/** Every 50th record is filtered by the source itself. */
export function isFiltered(index: number): boolean {
  return index % 50 === 7
}

/** Three records are refused by the receiver for their content, until it is mended. */
export function isPoison(index: number, total: number): boolean {
  return [Math.floor(total * 0.1), Math.floor(total * 0.5), Math.floor(total * 0.9)].some(
    (at) => index === at,
  )
}

/** What the source says it issued once it has come to the end. */
export function issued(total: number) {
  let filtered = 0
  for (let index = 0; index < total; index++) if (isFiltered(index)) filtered += 1
  return { read: total, filtered, spooled: total - filtered, missed: Math.ceil(total / batchRecords) }
}
