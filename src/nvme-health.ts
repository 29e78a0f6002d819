/**
 * What an NVMe drive's SMART / Health log says of its health, whichever tool read it.
 * @see NVM Express Base Specification, SMART / Health Information log
 */

/** Severity numbers of OpenTelemetry. */
const warn = 13
const error = 17
const fatal = 21

/** The bits of the critical warning, from 0. */
const warnings = [
  ['spare', 'the spare capacity is below its threshold', error],
  ['temperature', 'a temperature is beyond its threshold', warn],
  ['reliability', 'its reliability is degraded by media errors', error],
  ['read_only', 'it is in read-only mode', fatal],
  ['volatile_backup', 'its volatile memory backup failed', error],
  ['persistent_memory', 'its persistent memory region is read-only or unreliable', error],
] as const

/** What the log told; undefined where it did not. */
export interface NvmeHealth {
  /** The bit mask. */
  readonly criticalWarning: number | undefined
  readonly mediaErrors: number | undefined
  readonly sparePercent: number | undefined
  readonly spareThresholdPercent: number | undefined
}

/** One judgement of a drive, without its name. */
export interface Judgement {
  /** `spare`, `nvme_warning:read_only`: the part, and up to a colon the last word of the event's name. */
  readonly what: string
  readonly state: string
  readonly healthy: boolean
  /** If it is not healthy. */
  readonly severity: number
  /** What follows the drive's name. */
  readonly words: string
  readonly attributes?: Readonly<Record<string, string>>
}

export function* judgeNvme(health: NvmeHealth): Generator<Judgement> {
  const { criticalWarning, mediaErrors, sparePercent, spareThresholdPercent } = health
  // All ones: there is no such log.
  if (criticalWarning !== undefined && criticalWarning < 255)
    for (const [index, [warning, words, severity]] of warnings.entries()) {
      const on = ((criticalWarning >> index) & 1) === 1
      yield {
        what: `nvme_warning:${warning}`,
        state: on ? 'on' : 'off',
        healthy: !on,
        severity,
        words: on ? `warns: ${words}` : `does not warn that ${words}`,
        attributes: { warning },
      }
    }
  if (mediaErrors !== undefined) yield judgeMediaErrors(mediaErrors)
  if (sparePercent === undefined || spareThresholdPercent === undefined) return
  if (sparePercent > 100 || spareThresholdPercent > 100) return
  const below = sparePercent < spareThresholdPercent
  yield {
    what: 'spare',
    state: below ? 'below-threshold' : 'ok',
    healthy: !below,
    severity: error,
    words: `has ${sparePercent} % spare capacity left, threshold ${spareThresholdPercent} %`,
    attributes: {
      spare_percent: String(sparePercent),
      threshold_percent: String(spareThresholdPercent),
    },
  }
}

/** Each one is data that could not be read. */
export function judgeMediaErrors(count: number): Judgement {
  return {
    what: 'media_errors',
    state: String(count),
    healthy: count === 0,
    severity: error,
    words: count === 0 ? 'has no media errors' : `has counted ${count} media errors`,
  }
}
