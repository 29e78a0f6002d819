/** Areca's words for states. */
import { type Words, wordsOf } from '../words.ts'

const source = 'cli64 (ARC-1xxx), `rsf info` and `vsf info`; a percentage behind the word is left out'

export const arecaWords: readonly Words[] = [
  wordsOf('areca', 'controller', 'cli64 tells no state of the controller; one that answers is', {
    optimal: ['Present'],
  }),
  wordsOf('areca', 'array', source, {
    // A set that migrates or expands stays as redundant as it is.
    optimal: ['Normal', 'Migrating', 'Expanding', 'Need Init', 'Need Check'],
    degraded: ['Degraded', 'Degrade', 'Need Rebuild'],
    failed: ['Failed'],
    offline: ['Incomplete', 'Offline', 'Foreign'],
    rebuilding: ['Rebuilding', 'Rebuild'],
    initialising: ['Initializing', 'Foreground Init', 'Background Init'],
    checking: ['Checking'],
  }),
  wordsOf(
    'areca',
    'drive',
    'cli64, `disk info`: usage; a member of a raid set by its state in `disk info drv=`',
    {
      online: ['RaidSet Member', 'NORMAL'],
      'hot-spare': [
        'HotSpare',
        'HotSpare[Global]',
        'HotSpare[RaidSet]',
        'HotSpare[Enclosure]',
        'Global Hot Spare',
      ],
      rebuilding: ['Rebuild', 'Rebuilding'],
      failed: ['Failed', 'Offline', 'Timeout', 'Unusable'],
      missing: ['Removed', 'Missing'],
      unconfigured: ['Free'],
      foreign: ['Foreign', 'Foreign Disk'],
      jbod: ['Pass Through', 'PassThrough', 'JBOD'],
    },
  ),
  wordsOf('areca', 'battery', 'cli64, `hw info`: Battery Status', {
    optimal: ['Charged', 'Normal', 'OK'],
    charging: ['Charging'],
    failed: ['Failed', 'Low'],
    missing: ['Not Installed', 'Not Present'],
  }),
]
