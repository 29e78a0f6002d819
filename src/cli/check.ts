/** `remora check`: the configuration in force, what is unwise in it, and what applying it would lose. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkJson, checkReport, type LoadedConfig } from '../config.ts'
import { describe } from '../errors.ts'
import { protocols } from '../forwarders/all.ts'
import { routes } from '../sinks.ts'
import { Database } from '../spool/database.ts'
import { spoolFile } from '../spool/database-file.ts'
import { wouldLose } from '../spool/sinks.ts'

/** @returns the exit code; a wrong configuration never gets here */
export async function check(
  { config, origin, warnings }: LoadedConfig,
  isJson: boolean,
  out: (text: string) => void,
): Promise<number> {
  const show = isJson ? checkJson : checkReport
  out(show(config, origin, [...warnings, ...losses(config)]))
  return 0
}

/** What a spool that is there holds for sinks that are not in this configuration. */
function losses(config: LoadedConfig['config']): string[] {
  const file = join(config.spool.path, spoolFile)
  if (!existsSync(file)) return []
  try {
    using db = new Database(file, { readOnly: true })
    return [...wouldLose(db, routes(config.sinks, protocols))].map(
      ([sink, count]) =>
        `sink ${sink} is not in this configuration: the ${count} records and samples held for it would be lost`,
    )
  } catch (error) {
    // The configuration is right all the same, and the agent starts with a damaged spool.
    return [`what would be lost is unknown: Cannot read spool "${file}": ${describe(error)}`]
  }
}
