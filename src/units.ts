/** Values in their units as a person reads them. */
import type { Unit } from './model.ts'

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']

/** A value as a person reads it: `1.2 GiB`, `83.1 %`, `3 d 4 h`, `2026-01-02 03:04:05 UTC`. */
export function humanise(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return String(value)
  switch (unit) {
    case 'bytes':
      return bytes(value)
    case 'ratio':
      // Compression ratios are above 1 and no share of anything.
      return value > 1 ? `${trim(value)}` : `${trim(value * 100)} %`
    case 'seconds':
      return duration(value)
    case 'timestamp_seconds':
      return Math.abs(value) > 8.64e12
        ? trim(value)
        : `${new Date(value * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
    case 'celsius':
      return `${trim(value)} °C`
    case 'volts':
      return `${trim(value)} V`
    case 'joules':
      return `${trim(value)} J`
    case 'hertz':
      return `${trim(value)} Hz`
    case 'pages':
      return `${trim(value)} pages`
    case 'info':
      return ''
    case 'none':
      return trim(value)
  }
}

function bytes(value: number): string {
  let size = value
  let step = 0
  while (Math.abs(size) >= 1024 && step < binary.length - 1) {
    size /= 1024
    step++
  }
  return `${step === 0 ? size : size.toFixed(1)} ${binary[step]}`
}

function duration(value: number): string {
  const whole = Math.floor(Math.abs(value))
  if (whole < 120) return `${trim(value)} s`
  const sign = value < 0 ? '-' : ''
  const days = Math.floor(whole / 86_400)
  const hours = Math.floor((whole % 86_400) / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  if (days > 0) return `${sign}${days} d ${hours} h`
  return hours > 0 ? `${sign}${hours} h ${minutes} min` : `${sign}${minutes} min ${whole % 60} s`
}

/** At most four places after the point, none when whole. */
function trim(value: number): string {
  return Number.isInteger(value)
    ? String(value)
    : String(Number(value.toPrecision(Math.abs(value) < 1 ? 3 : 6)))
}
