/** docs/configuration.md: every key of the configuration, from the schema. */
import { variableOf } from '../src/config/environment.ts'
import { type Key, keyTree, type Path, pathText } from '../src/config/keys.ts'
import { table } from './table.ts'

const head = ['key', 'expected', 'default', 'description', 'environment variable']

const intro = `# Configuration

Generated from the schema by \`npm run generate\`.

Sources, first found wins: \`--config FILE\`, \`REMORA_CONFIG\`, \`/etc/remora.yaml\`, defaults. A named file that is missing is an
error. The file is YAML 1.2 (core schema, no duplicate keys). Unknown keys are refused; every mistake is told at once, with
its file, line and column. \`remora check FILE\` checks one and prints what would be in effect, without secrets.

Every key has an environment override: \`REMORA_\` and its path in upper case, joined by \`_\` (a \`-\` in a name becomes \`_\`).
Values are YAML scalars or flow collections (\`[a, b]\`, \`{site: a}\`); where a text is expected the value is taken as it is.
A sink that is not there yet is made by its variables; naming any sink, in the file or in a variable, replaces the default
one. Where two variables set the same, the longer path wins. An unknown \`REMORA_…\` variable is an error, except
\`REMORA_CONFIG\` and \`REMORA_CAPTURES\` (tests).

Secrets are read from files (\`bearer_token_file\`, \`password_file\`); headers are never shown.
`

/** A key with its path; a map's entries stand under \`<name>\`. */
interface Row {
  readonly path: Path
  readonly key: Key
}

export function configurationPage(): string {
  const sections = [...keyTree().children].map(([name, key]) => {
    const description = key.description === '' ? '' : `\n${key.description}\n`
    return `## ${name}\n${description}\n${part([name], key)}`
  })
  return `${intro}\n${sections.join('\n')}`
}

function part(path: Path, key: Key): string {
  const entries = key.entries
  if (key.kind !== 'map' || entries?.kind !== 'choice')
    return `${table(head, rows({ path, key }).map(cells))}\n`
  const inner = [...path, '<name>']
  const variants = [...entries.children].map(([type, variant]) => {
    const words = variant.children.get('type')?.description ?? ''
    return `### type: ${type}\n\n${words}\n\n${table(head, rows({ path: inner, key: variant }).map(cells))}\n`
  })
  return `Default: \`${JSON.stringify(key.default)}\`\n\n${variants.join('\n')}`
}

/** The keys that hold values, from top to bottom; a section that may be left out stands before its keys. */
function rows(row: Row): Row[] {
  if (row.key.kind !== 'section') return [row]
  const inner = [...row.key.children].flatMap(([name, key]) => rows({ path: [...row.path, name], key }))
  return row.path.length > 1 && row.key.description !== '' ? [row, ...inner] : inner
}

function cells({ path, key }: Row): string[] {
  const fallback =
    key.kind === 'section' ? '' : key.default === undefined ? '' : `\`${JSON.stringify(key.default)}\``
  return [
    `\`${pathText(path)}\``,
    key.kind === 'section' ? 'a section' : key.expected,
    key.required ? 'required' : fallback,
    key.description,
    key.kind === 'section' ? '' : `\`${variableOf(path)}\``,
  ]
}
