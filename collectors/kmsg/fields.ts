/**
 * A record of /dev/kmsg in the names that journald gives it (dev_kmsg_record), so that receivers and pages know it:
 * dictionary keys as `_KERNEL_<KEY>`. What journald leaves out is `KMSG_FLAGS` and `KMSG_<WORD>` (`KMSG_CALLER`).
 * @see systemd.journal-fields(7), Kernel Journal Fields
 */
import type { Field, LogRecord } from '../../src/model.ts'
import type { KmsgRecord } from './record.ts'

/** @param boot 32 hexadecimal digits @returns makes log records of that boot; they share what is the same in all */
export function recordMaker(boot: string): (record: KmsgRecord, time: bigint, observed: bigint) => LogRecord {
  const bootField: Field = ['_BOOT_ID', Buffer.from(boot)]
  const shared = new Map<string, Field>()
  const share = (name: string, value: string): Field => {
    const key = `${name}=${value}`
    let field = shared.get(key)
    if (field === undefined) {
      field = [name, Buffer.from(value)]
      shared.set(key, field)
    }
    return field
  }
  return ({ priority, facility, sequence, microseconds, flags, words, text, dictionary }, time, observed) => {
    const stamp = Buffer.from(String(microseconds))
    const fields: Field[] = [
      ['__MONOTONIC_TIMESTAMP', stamp],
      bootField,
      share('_TRANSPORT', 'kernel'),
      share('PRIORITY', String(priority)),
      // Any process may write with a facility of its choice: only these two are few.
      facility === 0 ? share('SYSLOG_FACILITY', '0') : ['SYSLOG_FACILITY', Buffer.from(String(facility))],
      ...(facility === 0 ? [share('SYSLOG_IDENTIFIER', 'kernel')] : []),
      ['_SOURCE_MONOTONIC_TIMESTAMP', stamp],
      ['MESSAGE', text],
    ]
    for (const [key, value] of dictionary) fields.push([`_KERNEL_${key}`, value])
    if (flags !== '-') fields.push(['KMSG_FLAGS', Buffer.from(flags)])
    for (const [name, value] of words) fields.push(wordField(name, value))
    return { stream: boot, id: `${boot}:${sequence}`, time, observed, fields }
  }
}

function wordField(name: string, value: string): Field {
  if (!/^[A-Za-z0-9_]{1,40}$/.test(name)) return ['KMSG_WORD', Buffer.from(`${name}=${value}`)]
  return [`KMSG_${name.toUpperCase()}`, Buffer.from(value)]
}
