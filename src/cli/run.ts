/** `remora run`: the agent until a signal. SIGHUP re-reads the configuration; a second SIGTERM or SIGINT ends at once. */
import type { Agent } from '../agent.ts'
import { startAgent } from '../agent.ts'
import type { LoadedConfig } from '../config.ts'
import { ConfigError, describe, LockedError } from '../errors.ts'
import { type Log, openLog } from '../log.ts'
import type { Collector } from '../model.ts'
import { leave } from './leave.ts'

/** Exit codes of every command; the README lists them. */
export const exit = { done: 0, failed: 1, usage: 2, locked: 3, killed: 130 } as const

/** @param load reads and checks the configuration, again at every SIGHUP @returns the exit code, after the last drain */
export async function run(
  load: () => Promise<LoadedConfig>,
  collectors: readonly Collector[],
): Promise<number> {
  const log = openLog('info')
  const starting = start(load, collectors, log)
  // Nothing was awaited yet: a signal that comes while the agent starts is heeded once it has.
  const asked = Promise.withResolvers<void>()
  let stopping = false
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (stopping) leave(exit.killed)
      stopping = true
      log.info('agent', `${name}: stops collecting and drains to the sinks; once more ends at once`)
      asked.resolve()
    })
  }
  let reloading: Promise<unknown> = starting
  process.on('SIGHUP', () => {
    reloading = reloading.then(async () => {
      const agent = await starting
      if (typeof agent !== 'number' && !stopping) await reload(load, agent, log)
    })
  })

  const agent = await starting
  if (typeof agent === 'number') return agent
  await asked.promise
  await reloading
  try {
    log.info('agent', `Remora has ended: ${await agent.stop()}`)
    return exit.done
  } catch (error) {
    log.error('agent', `Cannot end cleanly: ${describe(error)}`)
    return exit.failed
  }
}

/** @returns the exit code instead of an agent, after saying why */
async function start(
  load: () => Promise<LoadedConfig>,
  collectors: readonly Collector[],
  log: Log,
): Promise<Agent | number> {
  try {
    return await startAgent(await load(), collectors, log)
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`)
    if (error instanceof LockedError) return exit.locked
    return error instanceof ConfigError ? exit.usage : exit.failed
  }
}

async function reload(load: () => Promise<LoadedConfig>, agent: Agent, log: Log): Promise<void> {
  try {
    await agent.reload(await load())
  } catch (error) {
    // A cause of its own, which many good reloads before it do not use up.
    log.error('reload refused', `The configuration is kept as it was: ${describe(error)}`)
  }
}
