import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type KmsgRecord, parseRecord } from '../../../collectors/kmsg/record.ts'
import { checkCaptures } from '../../captures.ts'

/** A capture has records one behind the other; a line that begins with a space is of the record before. */
function recordsOf(path: string): KmsgRecord[] {
  const records = readFileSync(path, 'latin1')
    .trimEnd()
    .split(/\n(?! )/)
  return records.map((record) => parseRecord(Buffer.from(`${record}\n`, 'latin1')))
}

const said = (bytes: Uint8Array) => Buffer.from(bytes).toString()

checkCaptures('logs/kmsg', {
  'gpud_kmsg.1.log': (path) => {
    const records = recordsOf(path)
    assert.equal(records.length, readFileSync(path, 'latin1').trimEnd().split('\n').length)
    for (const [index, { sequence, priority, facility, flags }] of records.entries())
      assert.deepEqual([sequence, priority <= 7, facility, flags], [3964 + index, true, 0, '-'])
    assert.equal(said(records[0]?.text ?? new Uint8Array()), 'nvidia-nvswitch2: open (major=510)')
  },
  'systemd_fuzz_basic.kmsg': (path) => {
    const [record, ...more] = recordsOf(path)
    assert.deepEqual(more, [])
    assert.deepEqual([record?.facility, record?.priority, record?.sequence], [3, 5, 456])
    assert.equal(said(record?.text ?? new Uint8Array()), 'systemd[1]: Reexecuting.')
  },
  'systemd_fuzz_dev-null.kmsg': (path) => {
    const fields = recordsOf(path)[0]?.dictionary.map(([key, value]) => [key, said(value)])
    assert.deepEqual(fields, [['DEVICE', 'c1:3']])
  },
  'systemd_fuzz_subsystem-loopback.kmsg': (path) => {
    const fields = recordsOf(path)[0]?.dictionary.map(([key, value]) => [key, said(value)])
    assert.deepEqual(fields, [['DEVICE', '+net:lo']])
  },
})

checkCaptures('logs/dmesg', {
  'gpud_iso_decode.1.log': 'not read: text of dmesg; the same records are read from /dev/kmsg',
  'gpud_iso_memory.log': 'not read: text of dmesg; the same records are read from /dev/kmsg',
})
