/** The fault table: every row by its name. */
import type { Row } from './row.ts'
import { agentRows } from './rows/agent.ts'
import { clockRows } from './rows/clock.ts'
import { sinkRows } from './rows/sink.ts'
import { sourceRows } from './rows/source.ts'
import { spoolRows } from './rows/spool.ts'

export const rows: readonly Row[] = [...agentRows, ...sinkRows, ...sourceRows, ...spoolRows, ...clockRows]
