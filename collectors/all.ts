/** Every collector, in the order the pages show them. */
import type { Collector } from '../src/model.ts'
import { host } from './host/host.ts'
import { inventory } from './host/inventory.ts'

export const collectors: readonly Collector[] = [host, inventory]
