/**
 * Metrics as JSON: a list, or an object with the list under `metrics`, of
 * `{"name": "quota_used_bytes", "value": 1, "labels": {"user": "a"}, "type": "gauge", "help": "…"}`.
 */
import * as z from 'zod'
import { ParseError } from '../../src/errors.ts'
import { cut, type Family, labelsOf } from './frame.ts'

const metric = z.strictObject({
  name: z.string(),
  value: z.union([z.number(), z.boolean()]),
  labels: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  type: z.enum(['counter', 'gauge', 'untyped']).default('untyped'),
  help: z.string().default(''),
})
const shape = z.union([z.array(metric), z.strictObject({ metrics: z.array(metric) })])

/** @throws {ParseError} naming the place and what was expected there */
export function parseJsonMetrics(text: string): Family[] {
  const parsed = shape.safeParse(json(text))
  if (!parsed.success) {
    const issue = deepest(parsed.error.issues)
    throw new ParseError(
      `Cannot parse JSON at ${issue?.path.join('.') || 'its top'}: ${issue?.message ?? 'no metrics'}`,
    )
  }
  const families = new Map<string, Family>()
  const list = Array.isArray(parsed.data) ? parsed.data : parsed.data.metrics
  for (const { name, value, labels, type, help } of list) {
    const family = families.get(name) ?? { name, type, help, series: [] }
    families.set(name, family)
    if (family.type !== type)
      throw new ParseError(`Cannot parse JSON: ${cut(name)} is ${family.type} and ${type}`)
    const texts = labelsOf(Object.entries(labels).map(([label, text]) => [label, String(text)]))
    family.series.push({ name, labels: texts, value: Number(value) })
  }
  return [...families.values()]
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ParseError(`Cannot parse "${cut(text.trim())}": expected JSON`, { cause })
  }
}

/** Of a union's complaints the one that came furthest. */
function deepest(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  const all = issues.flatMap((issue) =>
    issue.code === 'invalid_union' ? [issue, ...issue.errors.flat()] : [issue],
  )
  return all.toSorted((a, b) => b.path.length - a.path.length)[0]
}
