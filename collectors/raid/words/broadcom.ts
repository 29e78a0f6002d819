/** Broadcom's words for states (LSI, Avago, Dell PERC): storcli and perccli abbreviate them, MegaCli spells them out. */
import { type Words, wordsOf } from '../words.ts'

const storcli = 'storcli and perccli, legend of `show`'
const megacli = 'MegaCli, `-LDInfo`, `-PDList`, `-AdpBbuCmd`, `-ShowSummary`'

export const broadcomWords: readonly Words[] = [
  wordsOf('broadcom', 'controller', storcli, {
    optimal: ['Optimal', 'OK', 'Opt'],
    degraded: ['Degraded', 'Needs Attention', 'Need Attention', 'NdAtn', 'Safe', 'Partially Degraded'],
    failed: ['Failed', 'Fail', 'Unusable'],
    unknown: ['Unknown'],
  }),
  wordsOf('broadcom', 'array', storcli, {
    optimal: ['Optl'],
    degraded: ['Dgrd'],
    'partially-degraded': ['Pdgd'],
    offline: ['OfLn', 'Offln', 'B'],
    rebuilding: ['Rec'],
  }),
  wordsOf('broadcom', 'array', megacli, {
    optimal: ['Optimal'],
    degraded: ['Degraded'],
    'partially-degraded': ['Partially Degraded'],
    failed: ['Failed'],
    offline: ['Offline'],
  }),
  wordsOf('broadcom', 'drive', storcli, {
    online: ['Onln'],
    'hot-spare': ['GHS', 'DHS', 'EHS'],
    rebuilding: ['Rbld', 'Cpybck'],
    failed: ['Offln', 'UBad', 'UBad F', 'UBUnsp', 'UBUnsp F'],
    // A drive is shielded while the controller finds out whether it fails.
    'predictive-failure': ['UGShld', 'HSPShld', 'CFShld', 'CBShld'],
    missing: ['Msng'],
    unconfigured: ['UGood', 'UGUnsp', 'UConf', 'Sntze', 'Ready'],
    foreign: ['Frgn', 'UGood F', 'UGUnsp F', 'JBOD F', 'Frgn F'],
    jbod: ['JBOD'],
  }),
  wordsOf('broadcom', 'drive', megacli, {
    online: ['Online'],
    'hot-spare': ['Hotspare', 'Hot Spare', 'Global Hotspare', 'Dedicated Hotspare'],
    rebuilding: ['Rebuild', 'Copyback'],
    failed: ['Failed', 'Offline', 'Unconfigured(bad)', 'Unconfigured(bad), foreign'],
    missing: ['Missing'],
    unconfigured: ['Unconfigured(good)', 'Unconfigured Good'],
    foreign: ['Unconfigured(good), foreign', 'Foreign'],
  }),
  wordsOf('broadcom', 'battery', storcli, {
    optimal: ['Optimal', 'Optl'],
    learning: ['Learning', 'Learn'],
    charging: ['Charging'],
    failed: [
      'Failed',
      'Fail',
      'Degraded',
      'Dgd',
      'Dgd (Needs Attention)',
      'Degraded(Needs Attention)',
      'Degraded (Needs Attention)',
      'Degraded(Need Attention)',
      'Needs Attention',
      'Replacement required',
    ],
    missing: ['Msng', 'Missing', 'Absent', 'Not Present'],
    unknown: ['Unknown'],
  }),
  wordsOf('broadcom', 'battery', megacli, {
    optimal: ['Operational', 'OK', 'Healthy'],
    learning: ['Learn Cycle Active'],
    charging: ['Charging Status: Charging', 'Degraded(Charging)', 'Degraded (Charging)'],
    failed: ['Battery Replacement required', 'Pack is about to fail & should be replaced'],
    missing: [
      'Battery Pack Missing',
      'Get BBU Status Failed',
      'The required hardware component is not present',
    ],
  }),
]
