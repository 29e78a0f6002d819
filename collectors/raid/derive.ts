/** States that the controller does not say in one word: what a drive's flags and an array's operations make of them. */
import type { ArrayState, Drive, DriveState, Judged, Operation, Task } from './report.ts'

const sound = new Set<DriveState>(['online', 'hot-spare', 'unconfigured', 'jbod'])

/** A drive that works and tells by SMART that it will fail is `predictive-failure`. */
export function withForecast(
  status: Judged<DriveState>,
  { smartAlert, predictiveFailures = 0 }: Pick<Drive, 'smartAlert' | 'predictiveFailures'>,
): Judged<DriveState> {
  // Firmware without the flag has the counter alone.
  const alert = smartAlert ?? predictiveFailures > 0
  if (!alert || !sound.has(status.state)) return status
  return { ...status, state: 'predictive-failure', word: `${status.word}, S.M.A.R.T alert` }
}

/** What goes on with an array that its own word, degraded or optimal, leaves out. */
export function withActivity(
  status: Judged<ArrayState>,
  tasks: readonly Task[],
  rebuilding: boolean,
): Judged<ArrayState> {
  const does = (operation: Operation) => tasks.some((task) => task.operation === operation)
  const degraded = status.state === 'degraded' || status.state === 'partially-degraded'
  if (degraded && (rebuilding || does('rebuild'))) return { ...status, state: 'rebuilding' }
  if (status.state !== 'optimal') return status
  if (does('initialise')) return { ...status, state: 'initialising' }
  return does('check') ? { ...status, state: 'checking' } : status
}

const operations: readonly (readonly [RegExp, Operation])[] = [
  [/consistency|^cc$/i, 'check'],
  [/initiali|^bgi$|^fgi$|^init$/i, 'initialise'],
  [/reconstruct|migrat|transform|expansion|^oce$/i, 'reshape'],
  [/rebuild/i, 'rebuild'],
  [/copy ?back|replace/i, 'copyback'],
  [/erase|sanitize|clear/i, 'erase'],
  [/patrol/i, 'patrol-read'],
  [/learn/i, 'learn'],
]

/** @returns the operation a tool calls so, if it is one we know */
export function operationOf(name: string): Operation | undefined {
  return operations.find(([pattern]) => pattern.test(name))?.[1]
}
