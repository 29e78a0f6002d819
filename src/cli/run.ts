/** `remora run`: the agent until a signal. SIGHUP re-reads the configuration; a second SIGTERM or SIGINT ends at once. */
import type { Agent } from '../agent.ts'
import { startAgent } from '../agent.ts'
import type { LoadedConfig } from '../config.ts'
import { ConfigError, describe, LockedError } from '../errors.ts'
import { type Log, openLog } from '../log.ts'
import type { Collector } from '../model.ts'

/** Exit codes of every command; the README lists them. */
export const exit = { done: 0, failed: 1, usage: 2, locked: 3, killed: 130 } as const

/** @param load reads and checks the configuration, again at every SIGHUP @returns the exit code, after the last drain */
export async function run(
  load: () => Promise<LoadedConfig>,
  collectors: readonly Collector[],
): Promise<number> {
  const log = openLog('info')
  const loaded = await loadOrComplain(load)
  if (loaded === undefined) return exit.usage
  let agent: Agent
  try {
    agent = await startAgent(loaded, collectors, log)
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`)
    if (error instanceof LockedError) return exit.locked
    return error instanceof ConfigError ? exit.usage : exit.failed
  }
  return new Promise((resolve) => {
    let stopping = false
    const stop = (name: string) => {
      if (stopping) process.exit(exit.killed)
      stopping = true
      log.info('agent', `${name}: stops collecting and drains to the sinks; once more ends at once`)
      agent.stop().then(
        (left) => {
          log.info('agent', `Remora has ended: ${left}`)
          resolve(exit.done)
        },
        (error: unknown) => {
          log.error('agent', `Cannot end cleanly: ${describe(error)}`)
          resolve(exit.failed)
        },
      )
    }
    process.on('SIGTERM', () => stop('SIGTERM'))
    process.on('SIGINT', () => stop('SIGINT'))
    let reloading = Promise.resolve()
    process.on('SIGHUP', () => {
      reloading = reloading.then(() => (stopping ? undefined : reload(load, agent, log)))
    })
  })
}

async function loadOrComplain(load: () => Promise<LoadedConfig>): Promise<LoadedConfig | undefined> {
  try {
    return await load()
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`)
    return undefined
  }
}

async function reload(load: () => Promise<LoadedConfig>, agent: Agent, log: Log): Promise<void> {
  try {
    await agent.reload(await load())
  } catch (error) {
    log.error('reload', `The configuration is kept as it was: ${describe(error)}`)
  }
}
