/** What the Smart Array tools say of a controller, its cache and what keeps the cache. */
import { judgeBattery, judgeController } from '../judge.ts'
import type { Battery, Controller } from '../report.ts'
import { given } from '../text.ts'
import type { Node } from './outline.ts'

/** What names a controller in all its parts. */
export interface Owner {
  readonly vendor: 'hpe'
  readonly controller: string
  readonly controllerSerial?: string | undefined
}

export function ownerOf({ name, values }: Node): Owner {
  const serial = given(values.get('serial number'))
  return { vendor: 'hpe', controller: name, ...(serial !== undefined && { controllerSerial: serial }) }
}

/** @returns undefined for a text that does not say how it is: `ld all show` */
export function controllerOf(node: Node, owner: Owner): Controller | undefined {
  const { values, said } = node
  const status = values.get('controller status')
  if (status === undefined) return undefined
  return {
    ...owner,
    kind: 'controller',
    status: statusOf(status, values.get('cache status')),
    model: said,
    firmware: values.get('firmware version'),
    driver: [values.get('driver name'), values.get('driver version')].filter(Boolean).join(' ') || undefined,
    celsius: celsiusOf(node),
  }
}

/** A controller that is well while its cache is off is not: it writes at the speed of its drives. */
function statusOf(status: string, cache: string | undefined): Controller['status'] {
  const own = judgeController('hpe', status)
  if (own.state !== 'optimal' || cache === undefined) return own
  const both = judgeController('hpe', `Cache ${cache}`)
  return both.state === 'optimal' ? own : both
}

function celsiusOf({ values, children }: Node): Record<string, number> {
  const found: Record<string, number> = {}
  const add = (sensor: string, text: string | undefined) => {
    const celsius = degrees(text)
    if (celsius !== undefined) found[sensor] ??= celsius
  }
  add('roc', values.get('controller temperature (c)'))
  add('cache', values.get('cache module temperature (c)'))
  for (const sensor of children.filter(({ kind }) => kind === 'sensor')) {
    const location = given(sensor.values.get('location'))?.toLowerCase() ?? `sensor ${sensor.name}`
    if (location !== 'capacitor') add(location, sensor.values.get('current value (c)'))
  }
  return found
}

/** A running machine is neither frozen nor boiling: the sensor is, and says nothing. */
export function degrees(text: string | undefined): number | undefined {
  const celsius = /^\d{1,3}$/.test(text ?? '') ? Number(text) : 0
  return celsius > 0 && celsius < 150 ? celsius : undefined
}

export function batteryOf({ values }: Node, owner: Owner): Battery | undefined {
  const status = values.get('battery/capacitor status') ?? values.get('battery status')
  if (status === undefined) return undefined
  const capacitor = values.get('capacitor temperature (c)')
  const source = values.get('cache backup power source') ?? ''
  return {
    ...owner,
    kind: 'battery',
    technology:
      /capacitor/i.test(source) || (source === '' && capacitor !== undefined) ? 'capacitor' : 'battery',
    status: judgeBattery('hpe', status),
    celsius: degrees(capacitor ?? values.get('battery temperature (c)')),
  }
}
