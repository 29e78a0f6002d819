/** Every forwarder, by the type of its sink. */
import type { Clock } from '../clock.ts'
import type { SinkConfig } from '../config-schema.ts'
import { ConfigError, describe } from '../errors.ts'
import { fileForwarder } from './file.ts'
import type { Forwarder, Origin } from './forwarder.ts'
import { prometheusForwarder } from './prometheus.ts'

/** What turns the configuration of a sink into a forwarder. */
export interface Protocols {
  /** @throws {ConfigError} naming the sink and the key (and file) that is wrong */
  make(name: string, config: SinkConfig, origin: Origin, clock: Clock): Forwarder
  /** What a sink of this configuration takes, known before it is made. */
  kinds(name: string, config: SinkConfig): Forwarder['kinds']
}

export const protocols: Protocols = {
  make(name, config, origin, clock) {
    try {
      return config.type === 'file'
        ? fileForwarder(config, origin, clock)
        : prometheusForwarder(config, origin, clock)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      throw new ConfigError(`Cannot use sinks.${name}: ${describe(error)}`)
    }
  },
  kinds: (_, config) => (config.type === 'file' ? ['events', 'samples'] : ['samples']),
}
