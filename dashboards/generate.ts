/**
 * Writes dashboards/generated from the TypeScript beside it; with --check it writes nothing and fails naming each file
 * that is not what it would write. Either way a metric name that nothing declares is an error.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { declared } from './declared.ts'
import { ephemeralRoot } from './ephemeral-root.ts'
import { undeclared } from './expressions.ts'
import { rules } from './rules/rules.ts'

const heading = '# Generated from dashboards/rules: change that and run `npm run generate`.\n'
const dashboard = ephemeralRoot()
const files = {
  'ephemeral-root.json': `${JSON.stringify(dashboard, undefined, 2)}\n`,
  'remora.rules.yaml': heading + stringify(rules, { lineWidth: 0 }),
}
const check = process.argv.includes('--check')
const faults = [
  ...undeclared('ephemeral-root.json', dashboard, declared),
  ...undeclared('remora.rules.yaml', rules, declared),
]
for (const [name, text] of Object.entries(files)) {
  const path = join(import.meta.dirname, 'generated', name)
  if (!check && faults.length === 0) await writeFile(path, text)
  if (!check) continue
  const found = await readFile(path, 'utf8').catch(() => undefined)
  if (found === undefined) faults.push(`dashboards/generated/${name} is missing: run npm run generate`)
  else if (found !== text) faults.push(`dashboards/generated/${name} is stale: run npm run generate`)
}
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1
