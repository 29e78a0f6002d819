/**
 * Drives with one serial number. Two paths may lead to one drive, which is one then; and cheap drives are sold with the
 * same number on all of a batch, of which each is told by itself.
 */
import type { Report } from './report.ts'

/** Between the readings of one drive over two paths. */
const mostHoursBetween = 1

/**
 * Gives the drives of a round their keys.
 * @param shared serial numbers that several drives were seen to have; grows, so that a twin left alone keeps its name
 * @returns the reports in their order; of a shared number the key is `<serial>@<world wide name, or label>`
 */
export function toldApart(reports: readonly Report[], shared: Set<string>): Report[] {
  const firsts = new Map<string, Report>()
  for (const report of reports) {
    const { serial, asleep } = report
    if (serial === undefined || asleep !== undefined) continue
    const first = firsts.get(serial)
    if (first === undefined) firsts.set(serial, report)
    else if (differ(first, report)) shared.add(serial)
  }
  return reports.map((report) => {
    const { serial, worldWideName, label } = report
    return serial !== undefined && shared.has(serial)
      ? { ...report, key: `${serial}@${worldWideName ?? label}` }
      : report
  })
}

function differ(one: Report, other: Report): boolean {
  if (one.worldWideName !== undefined && other.worldWideName !== undefined)
    return one.worldWideName !== other.worldWideName
  if (one.powerOnHours === undefined || other.powerOnHours === undefined) return false
  return Math.abs(one.powerOnHours - other.powerOnHours) > mostHoursBetween
}
