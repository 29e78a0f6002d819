/** What of a configuration may be shown: secrets come from files and headers, and operators put them elsewhere too. */
import type { Path } from './keys.ts'

/** Keys under which nothing is shown in an error: a secret may stand where its file should. */
const guarded = /^(headers|basic_auth|tls)$|token|password|secret|credential/

/** A value as errors show it: ` "5"`; nothing for sections, lists, and where a secret may be. */
export function shown(path: Path, value: unknown): string {
  if (path.some((word) => guarded.test(String(word)))) return ''
  if (value === null) return ' (empty)'
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return ''
  const text = withoutCredentials(String(value))
  return ` ${JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)}`
}

/** A copy in which header values and what URLs carry beside their address are replaced. */
export function hideSecrets(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return value.includes('://') ? withoutCredentials(value) : value
  if (Array.isArray(value)) return value.map((item) => hideSecrets(item, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      key === 'headers' || /(token|password|secret|credential)$/.test(name)
        ? '(hidden)'
        : hideSecrets(item, name),
    ]),
  )
}

/** The text with everything before an `@`, and after a URL's `?`, left out. */
function withoutCredentials(text: string): string {
  return text.replace(/^(\w+:\/\/)?.*@/s, '$1…@').replace(/^(\w+:\/\/[^?]*\?).*/s, '$1…')
}
