/**
 * Writes dashboards/generated from the TypeScript beside it; with --check it writes nothing and fails naming each file
 * that is not what it would write. Either way what does not parse, or is not declared, is an error.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { dashboards } from './dashboards.ts'
import { declared } from './declared.ts'
import { undeclared } from './expressions.ts'
import { dashboardProvider, datasources } from './provisioning.ts'
import { routing } from './routing.ts'
import { rules } from './rules/rules.ts'

/** YAML, with the place of what it is made from. */
function yaml(from: string, value: unknown): string {
  return `# Generated from ${from}: change that and run \`npm run generate\`.\n${stringify(value, { lineWidth: 0 })}`
}

const files = new Map<string, string>([
  ...[...dashboards].map(([name, board]) => [name, `${JSON.stringify(board, undefined, 2)}\n`] as const),
  ['remora.rules.yaml', yaml('dashboards/rules', rules)],
  ['alertmanager.example.yaml', yaml('dashboards/routing.ts', routing)],
  ['grafana/dashboards/remora.yaml', yaml('dashboards/provisioning.ts', dashboardProvider)],
  ['grafana/datasources/remora.yaml', yaml('dashboards/provisioning.ts', datasources)],
])
const check = process.argv.includes('--check')
const faults = [...dashboards, ['remora.rules.yaml', rules] as const].flatMap(([name, value]) =>
  undeclared(name, value, declared),
)
for (const [name, text] of files) {
  const path = join(import.meta.dirname, 'generated', name)
  if (!check && faults.length === 0) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
  if (!check) continue
  const found = await readFile(path, 'utf8').catch(() => undefined)
  if (found === undefined) faults.push(`dashboards/generated/${name} is missing: run npm run generate`)
  else if (found !== text) faults.push(`dashboards/generated/${name} is stale: run npm run generate`)
}
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1
