import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneByOne } from '../../../../collectors/raid/megaraid/one-by-one.ts'
import { CommandError } from '../../../../src/errors.ts'

test('controllers that all hang are not waited for one after the other', async () => {
  const asked: string[] = []
  const lost: string[] = []
  const askAll = oneByOne<string>(
    {
      tool: 'tool',
      ask: (args) => {
        asked.push(args.join(' '))
        throw new CommandError('killed after 20 s', { timedOut: true })
      },
      count: async () => 16,
      forOne: (_, controller) => [controller],
      lost: (controller, error) => {
        lost.push(error.message)
        return [controller]
      },
    },
    () => undefined,
  )
  assert.equal((await askAll(['all'])).length, 16, 'each is told of')
  assert.deepEqual(asked, ['all', '0', '1', '2'])
  assert.deepEqual(lost.slice(2, 4), [
    'Cannot read controller 2 by tool 2: killed after 20 s',
    'Cannot read controller 3 by tool 3: 3 others hang',
  ])
  assert.deepEqual(await askAll(['all']), [], 'each is told of once')
  assert.equal(asked.length, 4)
})
