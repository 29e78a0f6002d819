/** What a failure of the file system means for a batch: nearly always another try. */

import { describe } from '../../errors.ts'
import type { FileSinkConfig } from '../../sink-schemas.ts'
import type { Outcome } from '../forwarder.ts'
import { errorCode } from './folder.ts'

/** Rights, or something else where the folder should be: someone must mend it. */
const mendable = new Set(['EACCES', 'EPERM', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG'])

export function fileFailure(error: unknown, config: FileSinkConfig): Outcome {
  const { path, retry } = config
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return { is: 'retry', words: `"${path}" has not answered for ${retry.timeout_seconds} s` }
  }
  if (error instanceof DOMException) return { is: 'retry', words: `Stopped before "${path}" had it` }
  // Node's messages read "ENOSPC: no space left on device, write".
  const words = `Cannot write to "${path}": ${describe(error)}`
  return mendable.has(errorCode(error)) ? { is: 'down', words } : { is: 'retry', words }
}
