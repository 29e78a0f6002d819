/** Marvell's words for states. */
import { type Words, wordsOf } from '../words.ts'

export const marvellWords: readonly Words[] = [
  wordsOf('marvell', 'controller', 'mvcli tells no state of the adapter; one that answers is', {
    optimal: ['Present'],
  }),
  wordsOf('marvell', 'array', 'mvcli, `info -o vd`: status; behind a comma what BGA progress tells', {
    optimal: ['functional', 'optimal'],
    degraded: ['degraded'],
    'partially-degraded': ['partially optimal'],
    failed: ['failed', 'missing'],
    offline: ['offline'],
    rebuilding: ['degraded, rebuilding', 'functional, rebuilding', 'rebuilding'],
    initialising: ['functional, initializing', 'functional, initialization', 'initializing'],
    checking: [
      'functional, consistency checking',
      'functional, consistency check',
      'functional, checking',
      'functional, synchronizing',
    ],
  }),
  wordsOf(
    'marvell',
    'drive',
    'mvcli, `info -o pd` tells no state: a drive is in a virtual disk (`info -o vd`) or not',
    {
      online: ['in a virtual disk'],
      unconfigured: ['in no virtual disk'],
      missing: ['not listed'],
      'hot-spare': ['hot spare', 'spare', 'global spare', 'dedicated spare'],
      rebuilding: ['rebuilding'],
      failed: ['failed', 'offline', 'dead'],
    },
  ),
]
