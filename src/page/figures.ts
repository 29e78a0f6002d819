/** Numbers as an operator reads them. */

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 })

export function count(value: number): string {
  return grouped.format(value)
}

/** `0.3 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `1 d 3 h`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  const hours = Math.floor(minutes / 60)
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let left = value
  let unit = 0
  for (; left >= 1024 && unit < units.length - 1; unit++) left /= 1024
  return `${unit === 0 ? left : left.toFixed(1)} ${units[unit]}`
}

export function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`
}

/** @param now milliseconds, as is the moment; absent: it never was */
export function ago(now: number, moment: number | undefined): string {
  return moment === undefined ? 'never' : `${duration(Math.max(0, now - moment) / 1000)} ago`
}

/** `2026-01-02T03:04:05Z` */
export function iso(moment: number): string {
  return `${new Date(moment).toISOString().slice(0, 19)}Z`
}
