/** Adaptec's words for states. */
import type { Words } from '../words.ts'

export const adaptecWords: readonly Words[] = []
