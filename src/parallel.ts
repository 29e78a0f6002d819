/** Work on many parts, a few at a time. */

/**
 * @param most how many are worked on at once
 * @returns the results, in the order of the items
 * @throws what `work` throws first; nothing more is begun then
 */
export async function inParallel<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Map<number, R>()
  const waiting = items.entries()
  let failed = false
  const lane = async () => {
    for (const [index, item] of waiting) {
      if (failed) return
      try {
        results.set(index, await work(item))
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, lane))
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result)
}
