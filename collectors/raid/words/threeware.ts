/** 3ware's words for states (AMCC, LSI). */
import { type Words, wordsOf } from '../words.ts'

const source = 'tw_cli(8), CLI Guide 9.5: `unitstatus`, `drivestatus`, `bbustatus`'

export const threewareWords: readonly Words[] = [
  wordsOf('3ware', 'controller', 'tw_cli tells no state of the controller; one that answers is', {
    optimal: ['Present'],
  }),
  wordsOf('3ware', 'array', source, {
    // A unit that migrates stays as redundant as it is.
    optimal: ['OK', 'VERIFY-PAUSED', 'MIGRATING', 'MIGRATE-PAUSED'],
    degraded: ['DEGRADED', 'REBUILD-PAUSED'],
    failed: ['INOPERABLE'],
    rebuilding: ['REBUILDING', 'RECOVERY'],
    initialising: ['INITIALIZING', 'INIT-PAUSED'],
    checking: ['VERIFYING'],
    unknown: ['UNKNOWN'],
  }),
  wordsOf('3ware', 'drive', `${source}; behind a comma the type of its unit, where that matters`, {
    online: ['OK', 'VERIFYING', 'INITIALIZING'],
    'hot-spare': ['OK, SPARE'],
    rebuilding: ['REBUILDING'],
    failed: ['DEGRADED', 'DEVICE-ERROR', 'NOT-SUPPORTED'],
    // DCB-DATA-CHECK: what the drive holds of the configuration cannot be trusted.
    'predictive-failure': ['SMART-FAILURE', 'ECC-ERROR', 'DCB-DATA-CHECK'],
    missing: ['NOT-PRESENT', 'DRIVE-REMOVED'],
    unconfigured: ['OK, no unit', 'OFFLINE-JBOD'],
    jbod: ['OK, JBOD'],
    unknown: ['UNKNOWN'],
  }),
  wordsOf('3ware', 'battery', source, {
    optimal: ['OK'],
    learning: ['Testing'],
    charging: ['Charging'],
    // WeakBat: it still works and is to be replaced. Off: it is well and not used.
    failed: ['WeakBat', 'Fault', 'Error', 'Failed', 'OK, Off'],
    missing: ['-', 'Not Present', 'NotPresent'],
    unknown: ['Unknown'],
  }),
]
