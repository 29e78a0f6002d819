/** Broadcom's words for states. */
import type { Words } from '../words.ts'

export const broadcomWords: readonly Words[] = []
