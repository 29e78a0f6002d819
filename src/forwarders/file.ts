import type { Clock } from '../clock.ts'
import type { FileSinkConfig } from '../config-schema.ts'
import type { Forwarder, Origin } from './forwarder.ts'
export function fileForwarder(_config: FileSinkConfig, _origin: Origin, _clock: Clock): Forwarder {
  throw new Error('later')
}
