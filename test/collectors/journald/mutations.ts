/** How much the mutation tests do: `npm run test:journal-mutations` does more, with any seed. */

/** Mutations of each kind of file: REMORA_MUTATIONS. */
export const mutations = Number(process.env.REMORA_MUTATIONS ?? 250)
/** REMORA_SEED: printed, so that a failure can be had again. */
export const mutationSeed = Number(process.env.REMORA_SEED ?? 0)

/** A small generator of whole numbers below a bound, the same for the same seed. */
export function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
