/** HPE's words for states. */
import type { Words } from '../words.ts'

export const hpeWords: readonly Words[] = []
