/** docs/contract.md: every test that it names is there. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')
const contract = await readFile(join(root, 'docs/contract.md'), 'utf8')
/** A test that may be skipped, or is only named in a comment, proves nothing. */
const calls = (name: string) => ["'", '"', '`'].map((quote) => `test(${quote}${name}${quote}, `)

const named = [...contract.matchAll(/^ {2}- “(.+)” \((test\/\S+\.(?:test|vm)\.ts)\)$/gm)]

test('every test that the contract names is there, and every promise names one', async () => {
  assert.ok(named.length > 40, `${named.length} tests are named`)
  for (const [, name = '', file = ''] of named) {
    const text = await readFile(join(root, file), 'utf8')
    assert.ok(
      calls(name).some((call) => text.includes(call)),
      `${file} has no test “${name}”`,
    )
  }
  const items = contract.split('\n').filter((line) => /^ {2}- /.test(line))
  assert.equal(
    items.length,
    named.length,
    'each item below a promise is a test in the form that is looked for',
  )
  const promises = (contract.split('## Not promised')[0] ?? '').split(/^- /m).slice(1)
  for (const promise of promises) assert.match(promise, /^ {2}- “/m, `A promise without a test: ${promise}`)
})
