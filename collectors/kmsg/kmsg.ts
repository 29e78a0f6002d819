/**
 * kmsg: the kernel's log of this boot, from its first record on, through /dev/kmsg. It owns what it has spooled of it;
 * journald keeps out of that, and kmsg out of what journald has spooled (format.md, Owners).
 * @see Linux Documentation/ABI/testing/dev-kmsg
 */
import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import { describe } from '../../src/errors.ts'
import { type CollectContext, counter, type Presence, withOptions } from '../../src/model.ts'
import { follow } from './follow.ts'
import { openRing } from './ring.ts'

const device = 'dev/kmsg'
/** How often a device that is not there is looked for. */
const absentMilliseconds = 60_000

const forgotten = counter(
  'node_kmsg_stretches_forgotten_total',
  'none',
  '/dev/kmsg',
  'Stretches of kernel time no longer known to be spooled; journald may repeat what lies in them.',
)

const options = z.strictObject({
  priority: z
    .int()
    .min(0)
    .max(7)
    .default(7)
    .describe('Only records of this priority or a more urgent one (0 emergency to 7 debug).'),
})

/** Absent until it is read. */
let forgottenCount: number | undefined

export const kmsg = withOptions({
  name: 'kmsg',
  metrics: [forgotten],
  options,
  probe,
  async *collect() {
    if (forgottenCount !== undefined) yield { metric: forgotten, value: forgottenCount, labels: {} }
  },
  async *read(context) {
    for (;;) {
      const presence = await probe(context)
      if (presence.here) break
      if (presence.mended) throw new Error(`Cannot read the kernel log: ${presence.why}`)
      await sleep(absentMilliseconds, undefined, { signal: context.signal })
    }
    using ring = openRing(context.host.resolve(device))
    const forget = (count: number) => {
      forgottenCount = (forgottenCount ?? 0) + count
    }
    forget(0)
    yield* follow(ring, forget, context)
  },
})

/** `mended`: someone must do something; without a device there may never be one. */
async function probe({
  host,
  proc,
}: Pick<CollectContext, 'host' | 'proc'>): Promise<Presence & { readonly mended?: boolean }> {
  const path = host.resolve(device)
  try {
    openRing(path)[Symbol.dispose]()
    return { here: true }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (['ENOENT', 'ENOTDIR', 'ENODEV', 'ENXIO'].includes(code))
      return { here: false, mended: false, why: `there is no ${path}; in a container, give it the device` }
    if (code !== 'EPERM' && code !== 'EACCES') return { here: false, mended: true, why: describe(error) }
    const restricted = (await proc.line('sys/kernel/dmesg_restrict').catch(() => undefined)) === '1'
    const why = restricted ? 'kernel.dmesg_restrict is 1, so it takes CAP_SYSLOG' : 'it takes read permission'
    return {
      here: false,
      mended: true,
      why: `${path} may not be read: ${why}; run as root, or \`setcap cap_syslog+ep\``,
    }
  }
}
