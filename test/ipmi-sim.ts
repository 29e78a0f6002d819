/** A BMC in software (OpenIPMI's ipmi_sim) on a free loopback port: one temperature sensor and a system event log. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './prometheus-server.ts'

const run = promisify(execFile)

export interface IpmiSim extends AsyncDisposable {
  /** By which each kind of tool reaches it. */
  readonly freeipmi: readonly string[]
  readonly ipmitool: readonly string[]
  /** Adds an entry of an OS critical stop, by ipmitool. */
  addEntry(): Promise<void>
  clear(): Promise<void>
}

/** A sensor record of type 1 (IPMI 2.0, table 43-1): sensor 1 "CPU Temp", degrees Celsius, thresholds 40h, 50h, 60h. */
const sensorRecord =
  '00 00 51 01 33 20 00 01 07 01 7f 68 01 01 80 02 80 02 18 18 00 01 00 00 01 00 00 00 00 00 00 20 50 10 ff 00 60 50 40 00 00 00 01 01 00 00 00 c8 43 50 55 20 54 65 6d 70'

const machine = `mc_setbmc 0x20
mc_add 0x20 0 has-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
sel_enable 0x20 1000 0x0a
sensor_add 0x20 0 1 1 1
sensor_set_value 0x20 0 1 0x30 0
sensor_set_threshold 0x20 0 1 settable 011000 0x60 0x50 0x40 0 0 0
sensor_set_event_support 0x20 0 1 enable scanning per-state 000010100000000 000010100000000 000010100000000 000010100000000
main_sdr_add 0x20 ${sensorRecord.replace(/\w\w/g, '0x$&')}
mc_enable 0x20
`

export async function startIpmiSim(): Promise<IpmiSim> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-ipmi-sim-'))
  const port = await freePort()
  const auths = ['callback', 'user', 'operator', 'admin'].map(
    (level) => `allowed_auths_${level} none md2 md5 straight`,
  )
  const lan = [
    'name "sim"',
    'set_working_mc 0x20',
    'startlan 1',
    `addr 127.0.0.1 ${port}`,
    'priv_limit admin',
    ...auths,
    'guid a123456789abcdefa123456789abcdef',
    'endlan',
    'user 1 true "" "test" user 10 none md2 md5 straight',
    'user 2 true "tester" "test" admin 10 none md2 md5 straight',
    '',
  ]
  await writeFile(join(folder, 'lan.conf'), lan.join('\n'))
  await writeFile(join(folder, 'machine.emu'), machine)
  const args = ['-c', join(folder, 'lan.conf'), '-f', join(folder, 'machine.emu'), '-s', folder, '-n']
  const child = spawn('ipmi_sim', args, { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] })
  const ipmitool = ['-I', 'lan', '-H', '127.0.0.1', '-p', String(port), '-U', 'tester', '-P', 'test']
  const sim: IpmiSim = {
    freeipmi: ['-h', `127.0.0.1:${port}`, '-u', 'tester', '-p', 'test', '-l', 'admin'],
    ipmitool,
    async addEntry() {
      const file = join(folder, 'entry')
      await writeFile(file, '0x04 0x20 0x00 0x01 0x01 0x57 0x50 0x50\n')
      await run('ipmitool', [...ipmitool, 'sel', 'add', file])
    },
    clear: async () => {
      await run('ipmitool', [...ipmitool, 'sel', 'clear'])
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
  for (const until = Date.now() + 20_000; ; await sleep(100)) {
    try {
      await run('ipmitool', [...ipmitool, 'mc', 'info'], { timeout: 5000 })
      return sim
    } catch (cause) {
      if (Date.now() < until && child.exitCode === null) continue
      await sim[Symbol.asyncDispose]()
      throw new Error('Cannot start ipmi_sim', { cause })
    }
  }
}
