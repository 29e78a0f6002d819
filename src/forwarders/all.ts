/** Every forwarder, by the type of its sink. */
import type { Clock } from '../clock.ts'
import type { SinkConfig } from '../config-schema.ts'
import { ConfigError, describe } from '../errors.ts'
import { fileForwarder } from './file.ts'
import type { Forwarder, Origin } from './forwarder.ts'
import { prometheusForwarder } from './prometheus.ts'

/** @throws {ConfigError} naming the sink and the key (and file) that is wrong */
export function makeForwarder(name: string, config: SinkConfig, origin: Origin, clock: Clock): Forwarder {
  try {
    return config.type === 'file'
      ? fileForwarder(config, origin, clock)
      : prometheusForwarder(config, origin, clock)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(`Cannot use sinks.${name}: ${describe(error)}`)
  }
}

/** What a sink of this configuration takes, known before it is made. */
export function sinkKinds(config: SinkConfig): Forwarder['kinds'] {
  return config.type === 'file' ? ['events', 'samples'] : ['samples']
}
