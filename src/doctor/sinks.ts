/** Whether each sink can be reached, without a record sent: a HEAD to where records will go. Every answer is one. */
import { resolve } from 'node:path'
import type { Clock } from '../clock.ts'
import { ConfigError, describe } from '../errors.ts'
import { httpDate } from '../forwarders/classify.ts'
import { httpSink } from '../forwarders/http.ts'
import type { SinkConfig } from '../sink-schemas.ts'
import { type Finding, ok, problem, warning } from './finding.ts'
import { writableFolder } from './folder.ts'

const mostSeconds = 10
/** Receivers refuse what is further off than this, and lags are wrong by it. */
const mostSkewSeconds = 5

export async function checkSink(
  name: string,
  config: SinkConfig,
  clock: Clock,
  signal: AbortSignal,
): Promise<Finding[]> {
  const check = `sink ${name}`
  return config.type === 'file'
    ? [await checkFolder(check, config.path)]
    : checkReceiver(check, config, clock, signal)
}

async function checkFolder(check: string, path: string): Promise<Finding> {
  try {
    await writableFolder(path)
    return ok(check, `${resolve(path)} can be written`)
  } catch (error) {
    return problem(check, `Cannot write in "${resolve(path)}": ${describe(error)}`, 'give Remora the folder')
  }
}

async function checkReceiver(
  check: string,
  config: Exclude<SinkConfig, { type: 'file' }>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Finding[]> {
  const patient = {
    ...config,
    retry: { ...config.retry, timeout_seconds: Math.min(config.retry.timeout_seconds, mostSeconds) },
  }
  let http: ReturnType<typeof httpSink>
  try {
    http = httpSink(patient, clock)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [problem(check, describe(error), 'mend the configuration')]
  }
  try {
    const { endpoint, outcome, headers } = await http.exchange('HEAD', {}, undefined, signal)
    const words = 'words' in outcome ? outcome.words : '200'
    if (headers === undefined) return [problem(check, words, 'see docs/runbooks/RemoraSinkDown.md')]
    if (/^40[137]\b/.test(words))
      return [
        problem(
          check,
          `${endpoint} answers ${words}: it does not know us`,
          'mend its credentials in the configuration',
        ),
      ]
    if (/^5\d\d\b/.test(words))
      return [warning(check, `${endpoint} answers ${words}`, 'look at the receiver')]
    return [ok(check, `${endpoint} answers`), ...skewOf(check, headers.date, clock)]
  } finally {
    await http.close()
  }
}

function skewOf(check: string, date: string | undefined, clock: Clock): Finding[] {
  const there = httpDate(date)
  if (there === undefined) return []
  const seconds = Math.round((clock.now() - there) / 1000)
  if (Math.abs(seconds) <= mostSkewSeconds) return []
  return [
    warning(
      check,
      `this node's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the receiver's`,
      'start a time service on both',
    ),
  ]
}
