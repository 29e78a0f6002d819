/** Words for the kernel's own md: those of array_state and of a member's state, and ours for what no file says in one word. */
import { type Words, wordsOf } from '../words.ts'

export const mdWords: readonly Words[] = [
  wordsOf('md', 'array', 'Linux md: array_state, mdstat', {
    optimal: ['clean', 'active', 'active-idle', 'write-pending', 'read-auto', 'readonly'],
    degraded: ['degraded'],
    'partially-degraded': ['partially degraded'],
    failed: ['failed', 'broken'],
    offline: ['inactive', 'clear', 'suspended'],
    rebuilding: ['recovering'],
    initialising: ['resyncing'],
    checking: ['checking'],
  }),
  wordsOf('md', 'drive', 'Linux md: dev-*/state, mdstat', {
    online: ['in_sync', 'journal', 'write_mostly', 'external_bbl'],
    'hot-spare': ['spare'],
    rebuilding: ['rebuilding', 'replacement'],
    failed: ['faulty'],
    'predictive-failure': ['want_replacement', 'write_error'],
    unknown: ['blocked'],
  }),
]
