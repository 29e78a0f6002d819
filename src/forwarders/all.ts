/** Every forwarder, by the type of its sink. */
import type { Clock } from '../clock.ts'
import { ConfigError, describe } from '../errors.ts'
import type { SinkConfig } from '../sink-schemas.ts'
import { fileForwarder } from './file.ts'
import type { Forwarder, Origin } from './forwarder.ts'
import { journalRemoteForwarder } from './journal-remote.ts'
import { lokiForwarder } from './loki.ts'
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
      switch (config.type) {
        case 'file':
          return fileForwarder(config, origin, clock)
        case 'prometheus':
          return prometheusForwarder(config, origin, clock)
        case 'loki':
          return lokiForwarder(config, origin, clock)
        case 'journal-remote':
          return journalRemoteForwarder(config, origin, clock)
      }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      throw new ConfigError(`Cannot use sinks.${name}: ${describe(error)}`)
    }
  },
  kinds: (_, config) => taken[config.type],
}

const taken: Readonly<Record<SinkConfig['type'], Forwarder['kinds']>> = {
  file: ['events', 'samples'],
  prometheus: ['samples'],
  loki: ['events'],
  'journal-remote': ['events'],
}
