/** A SAS phy: its metrics, and how its files are read. Rates are printed as `12.0 Gbit` and are bits of the line. */
import { counter, gauge } from '../../src/model.ts'

const label = ['phy']

export const phyInfo = gauge(
  'node_sas_phy_info',
  'info',
  'class/sas_phy',
  'A SAS phy, and what is behind it.',
  [...label, 'sas_address', 'device_type'],
)
export const phyEnabled = gauge('node_sas_phy_enabled', 'none', 'enable', '1 when the phy is enabled.', label)
export const phyLinkRate = gauge(
  'node_sas_phy_link_rate_bytes_per_second',
  'none',
  'negotiated_linkrate, maximum_linkrate, maximum_linkrate_hw',
  'Line rate in bytes per second (bits / 8): negotiated now, the most allowed, the most the hardware can.',
  [...label, 'rate'],
)
export const phyCounters = [
  counter(
    'node_sas_phy_invalid_dwords_total',
    'none',
    'invalid_dword_count',
    'Invalid dwords received while the phy was ready.',
    label,
  ),
  counter(
    'node_sas_phy_running_disparity_errors_total',
    'none',
    'running_disparity_error_count',
    'Dwords with a running disparity error.',
    label,
  ),
  counter(
    'node_sas_phy_loss_of_dword_sync_total',
    'none',
    'loss_of_dword_sync_count',
    'Times the phy lost dword synchronisation and began its reset sequence.',
    label,
  ),
  counter(
    'node_sas_phy_reset_problems_total',
    'none',
    'phy_reset_problem_count',
    'Times a reset sequence of the phy failed.',
    label,
  ),
]

/** By the value of `rate`, the file it is read from. */
export const phyRateLabels: Readonly<Record<string, string>> = {
  negotiated: 'negotiated_linkrate',
  maximum: 'maximum_linkrate',
  hardware: 'maximum_linkrate_hw',
}

/** @returns bits per second; undefined without a link, or for a word that is no rate (`Unknown`, `Phy disabled`) */
export function parseLinkRate(text: string): number | undefined {
  const [, rate] = /^(\d{1,3}(?:\.\d)?) Gbit$/.exec(text) ?? []
  return rate === undefined ? undefined : Math.round(Number(rate) * 1e9)
}

/** @returns undefined where the kernel does not say */
export function isEnabled(text: string): boolean | undefined {
  return text === '1' ? true : text === '0' ? false : undefined
}
