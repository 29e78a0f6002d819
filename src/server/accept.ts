/** Content negotiation: what an Accept or Accept-Encoding header asks for (RFC 9110, section 12.5). */
import type { Format } from '../exposition.ts'

interface Preference {
  readonly value: string
  readonly parameters: ReadonlyMap<string, string>
  /** 0 to 1; 0 forbids. */
  readonly q: number
}

/** The format a scraper likes best of those there are; text when it names none. Never a refusal. */
export function chooseFormat(accept: string | undefined): Format {
  let best: { format: Format; q: number } | undefined
  for (const { value, parameters, q } of preferences(accept)) {
    const format = formatOf(value, parameters.get('version'))
    if (format !== undefined && q > (best?.q ?? 0)) best = { format, q }
  }
  return best?.format ?? 'text'
}

/** Whether a client takes gzip. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  let any = false
  for (const { value, q } of preferences(acceptEncoding)) {
    if (value === 'gzip' || value === 'x-gzip') return q > 0
    if (value === '*') any = q > 0
  }
  return any
}

function formatOf(mediaType: string, version: string | undefined): Format | undefined {
  if (mediaType === 'application/openmetrics-text') {
    return version === undefined || version === '1.0.0' ? 'openmetrics' : undefined
  }
  if (mediaType === 'text/plain') return version === undefined || version === '0.0.4' ? 'text' : undefined
  return mediaType === 'text/*' || mediaType === '*/*' ? 'text' : undefined
}

function preferences(header: string | undefined): Preference[] {
  if (header === undefined) return []
  return header.split(',').map((range) => {
    const [value = '', ...words] = range.split(';').map((word) => word.trim().toLowerCase())
    const parameters = new Map<string, string>()
    for (const word of words) {
      const equals = word.indexOf('=')
      if (equals > 0)
        parameters.set(
          word.slice(0, equals).trim(),
          word
            .slice(equals + 1)
            .replaceAll('"', '')
            .trim(),
        )
    }
    const q = Number(parameters.get('q') ?? 1)
    return { value, parameters, q: q >= 0 && q <= 1 ? q : 0 }
  })
}
