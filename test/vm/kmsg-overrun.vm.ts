/** The kernel's ring overruns while the agent stands still; journald has read it all (format.md, Owners). */
import assert from 'node:assert/strict'
import test from 'node:test'
import { startLoki } from '../src/forwarders/loki-receiver.ts'
import { configOf } from './config.ts'
import { startMachine } from './machine.ts'
import { until } from './wait.ts'

const records = 2000
/** Longer than the ring holds: it keeps 128 KiB, or 4,096 records. Slow enough for journald, which reads beside it. */
const flood = `perl -e '$| = 1; for my $i (1 .. ${records}) {
  open my $k, ">", "/dev/kmsg"; syswrite $k, sprintf("<6>flood %05d %s\\n", $i, "x" x 200); close $k;
  select undef, undef, undef, 0.1 unless $i % 20 }'`
const sequences = `dd if=/dev/kmsg iflag=nonblock bs=8192 2>/dev/null | grep -a '^[0-9]*,[0-9]*,[0-9]*,' | cut -d, -f2`

test('kmsg overrun: counted exactly, its records taken from journald, no gap, repeats only at its edges', async (t) => {
  await using loki = await startLoki()
  await using machine = await startMachine({ config: configOf({ loki: loki.url }) })
  const from = (source: string) => loki.stored().filter(({ metadata }) => metadata.remora_source === source)
  const has = (word: string) => () => from('kmsg').some(({ line }) => line.includes(word)) || undefined

  await machine.run('echo "<6>mark before" > /dev/kmsg')
  await until('the mark before', has('mark before'))
  await machine.run('systemctl kill -s STOP remora')
  const last = Number(await machine.run(`${sequences} | tail -n 1`))
  await machine.run(flood, 300)
  await until('all of it in the journal', async () => {
    const count = await machine.run(
      'journalctl --sync; journalctl -b -o cat _TRANSPORT=kernel | grep -c "^flood "',
    )
    return Number(count) === records || undefined
  })
  const first = Number(await machine.run(`${sequences} | head -n 1`))
  const newest = Number(await machine.run(`${sequences} | tail -n 1`))
  assert.ok(first > last + 1, `the ring has overrun: it holds ${first} to ${newest}, ${last} was read`)
  await machine.run('systemctl kill -s CONT remora; echo "<6>mark after" > /dev/kmsg')
  await until('the mark after', has('mark after'))

  const numbers = (source: string) =>
    from(source).flatMap(({ line }) => /^flood (\d+)/.exec(line)?.slice(1).map(Number) ?? [])
  const arrived = () => new Set([...numbers('kmsg'), ...numbers('journald')])
  await until('every record', () => arrived().size === records || undefined).catch(() => undefined)
  assert.equal(arrived().size, records, 'no gap')
  const missed = /^remora_records_missed_total\{[^}]*source="kmsg"[^}]*\} (\d+)$/m
  const counted = Number(missed.exec(await machine.metrics())?.[1] ?? 0)
  assert.equal(counted, first - last - 1, 'counted exactly, by sequence number')

  const ofKmsg = numbers('kmsg')
  const ofJournald = numbers('journald')
  assert.equal(new Set(ofKmsg).size, ofKmsg.length, 'kmsg gave each once')
  assert.equal(new Set(ofJournald).size, ofJournald.length, 'journald gave each once')
  const repeated = ofKmsg.filter((number) => ofJournald.includes(number))
  const edge = Math.min(...ofKmsg)
  t.diagnostic(
    `${counted} missed, ${ofJournald.length} from journald, ${ofKmsg.length} from kmsg, repeated: ${repeated}`,
  )
  assert.ok(ofJournald.length > 0 && ofKmsg.length > 0, 'both have a part')
  assert.ok(repeated.length <= 2 && repeated.every((number) => number <= edge + 1), `repeated: ${repeated}`)
})
