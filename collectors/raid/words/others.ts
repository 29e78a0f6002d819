/** Words for states of LSI host bus adapters, 3ware, Areca, Marvell and the kernel's own md. */
import type { Words } from '../words.ts'
import { arecaWords } from './areca.ts'
import { lsiWords } from './lsi.ts'
import { marvellWords } from './marvell.ts'
import { mdWords } from './md.ts'
import { threewareWords } from './threeware.ts'

export const otherWords: readonly Words[] = [
  ...lsiWords,
  ...threewareWords,
  ...arecaWords,
  ...marvellWords,
  ...mdWords,
]
