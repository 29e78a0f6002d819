/** What the kernel counts of memory errors: node_exporter's names (1.11; those of channels 1.12), and what they do not tell. */
import { counter, gauge } from '../../src/model.ts'

const controller = ['controller']
const csrow = [...controller, 'csrow']
const channel = [...csrow, 'channel', 'dimm_label']
const dimm = [...controller, 'dimm', 'dimm_label']

export const corrected = counter(
  'node_edac_correctable_errors_total',
  'none',
  'ce_count',
  'Memory errors of the controller that were corrected.',
  controller,
)
export const uncorrected = counter(
  'node_edac_uncorrectable_errors_total',
  'none',
  'ue_count',
  'Memory errors of the controller that were not corrected.',
  controller,
)
export const csrowCorrected = counter(
  'node_edac_csrow_correctable_errors_total',
  'none',
  'csrow*/ce_count, ce_noinfo_count',
  'Corrected memory errors of a chip-select row; `unknown` for those of which no row is known.',
  csrow,
)
export const csrowUncorrected = counter(
  'node_edac_csrow_uncorrectable_errors_total',
  'none',
  'csrow*/ue_count, ue_noinfo_count',
  'Uncorrected memory errors of a chip-select row; `unknown` for those of which no row is known.',
  csrow,
)
export const channelCorrected = counter(
  'node_edac_channel_correctable_errors_total',
  'none',
  'csrow*/ch*_ce_count',
  'Corrected memory errors of a channel, with the label of its DIMM.',
  channel,
)
export const channelUncorrected = counter(
  'node_edac_channel_uncorrectable_errors_total',
  'none',
  'csrow*/ch*_ue_count',
  'Uncorrected memory errors of a channel, where the kernel tells.',
  channel,
)

export const dimmCorrected = counter(
  'node_edac_dimm_correctable_errors_total',
  'none',
  'dimm*/dimm_ce_count',
  'Corrected memory errors of a DIMM (or rank).',
  dimm,
)
export const dimmUncorrected = counter(
  'node_edac_dimm_uncorrectable_errors_total',
  'none',
  'dimm*/dimm_ue_count',
  'Uncorrected memory errors of a DIMM (or rank).',
  dimm,
)
export const dimmInfo = gauge('node_edac_dimm_info', 'info', 'dimm*', 'A DIMM (or rank) as EDAC knows it.', [
  ...dimm,
  'location',
  'memory_type',
  'device_type',
  'edac_mode',
])
export const dimmSize = gauge(
  'node_edac_dimm_size_bytes',
  'bytes',
  'dimm*/size',
  'Size of a DIMM (or rank).',
  dimm,
)
export const controllerInfo = gauge(
  'node_edac_controller_info',
  'info',
  'mc_name',
  'A memory controller, with the name its driver gives it.',
  [...controller, 'name'],
)

export const memoryFailures = counter(
  'node_memory_failure_pages_total',
  'none',
  'node*/memory_failure/*',
  'Pages with an uncorrected error that the kernel handled, by what came of it (since Linux 6.3).',
  ['node', 'result'],
)
export const machineChecks = counter(
  'node_machine_checks_total',
  'none',
  'interrupts',
  'Machine checks of all CPUs: exceptions, threshold interrupts (corrected errors), deferred errors.',
  ['kind'],
)

export const metrics = [
  corrected,
  uncorrected,
  csrowCorrected,
  csrowUncorrected,
  channelCorrected,
  channelUncorrected,
  controllerInfo,
  dimmInfo,
  dimmSize,
  dimmCorrected,
  dimmUncorrected,
  memoryFailures,
  machineChecks,
]
