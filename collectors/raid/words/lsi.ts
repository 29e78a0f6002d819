/** Words of LSI's host bus adapters for states: sas2ircu and sas3ircu, and mpt-status for the generation before. */
import { type Words, wordsOf } from '../words.ts'

const tools = 'sas2ircu, sas3ircu, mpt-status: they tell no state of the adapter; one that answers is'
const ircu = 'sas2ircu and sas3ircu, DISPLAY; behind a comma the current operation of STATUS'
const mpt = 'mpt-status(8); behind a comma a flag, or sense code 5D of SMART'

export const lsiWords: readonly Words[] = [
  wordsOf('lsi', 'controller', tools, { optimal: ['Present'] }),
  wordsOf('lsi', 'array', ircu, {
    optimal: ['Okay (OKY)', 'Online (ONL)', 'Optimal (OPT)', 'Okay (OKY), Online Capacity Expansion'],
    degraded: ['Degraded (DGD)'],
    failed: ['Failed (FLD)', 'Missing (MIS)'],
    offline: ['Inactive (INA)'],
    rebuilding: [
      'Rebuilding (RBLD)',
      'Okay (OKY), Synchronize',
      'Online (ONL), Synchronize',
      'Degraded (DGD), Synchronize',
    ],
    initialising: ['Initializing (INIT)', 'Okay (OKY), Background Init', 'Online (ONL), Background Init'],
    checking: [
      'Okay (OKY), Consistency Check',
      'Okay (OKY), Make Data Consistent',
      'Okay (OKY), Media Verify',
      'Online (ONL), Consistency Check',
      'Online (ONL), Make Data Consistent',
    ],
  }),
  wordsOf('lsi', 'drive', ircu, {
    online: ['Online (ONL)', 'Optimal (OPT)', 'Ready (RDY), in a volume'],
    'hot-spare': ['Hot Spare (HSP)'],
    // A member whose data is behind the others'.
    rebuilding: ['Rebuilding (RBLD)', 'Out of Sync (OSY)', 'Degraded (DGD)'],
    failed: ['Failed (FLD)'],
    missing: ['Missing (MIS)'],
    unconfigured: ['Available (AVL)'],
    // The host sees it as it is.
    jbod: ['Ready (RDY)'],
  }),
  wordsOf('lsi', 'array', mpt, {
    optimal: ['OPTIMAL'],
    degraded: ['DEGRADED'],
    failed: ['FAILED'],
    offline: ['OPTIMAL, VOLUME_INACTIVE', 'DEGRADED, VOLUME_INACTIVE', 'FAILED, VOLUME_INACTIVE'],
    rebuilding: ['OPTIMAL, RESYNC_IN_PROGRESS', 'DEGRADED, RESYNC_IN_PROGRESS'],
    unknown: ['UNKNOWN'],
  }),
  wordsOf('lsi', 'drive', mpt, {
    online: ['ONLINE'],
    'hot-spare': ['ONLINE, SPARE'],
    rebuilding: ['ONLINE, OUT_OF_SYNC', 'INITIALIZING', 'INITIALIZING, OUT_OF_SYNC'],
    failed: [
      'FAILED',
      'FAILED, OUT_OF_SYNC',
      'NOT_COMPATIBLE',
      'OFFLINE_REQUESTED',
      'FAILED_REQUESTED',
      'FAILED_REQUESTED, OUT_OF_SYNC',
      'OTHER_OFFLINE',
      'OTHER_OFFLINE, OUT_OF_SYNC',
    ],
    'predictive-failure': ['ONLINE, SMART 5D'],
    missing: ['MISSING', 'MISSING, OUT_OF_SYNC'],
    unknown: ['UNKNOWN'],
  }),
]
