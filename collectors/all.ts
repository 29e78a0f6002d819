/** Every collector, in the order the pages show them. */
import type { Collector } from '../src/model.ts'

export const collectors: readonly Collector[] = []
