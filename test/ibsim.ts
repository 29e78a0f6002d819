/**
 * A simulated InfiniBand fabric (ibsim) with its subnet manager (opensm), asked by the real tools: two leaf switches, six
 * nodes on each. The tools are wrapped, so that they find the simulator without anything in their environment.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const nodes = Array.from({ length: 12 }, (_, index) => `node${String(index + 1).padStart(2, '0')} mlx5_0`)

export interface Ibsim extends AsyncDisposable {
  /** For `contextOf`: the wrapped tools, and what their shell needs. */
  readonly path: string
  /** A command of the simulator's console: `Unlink "Leaf2"[1]`. */
  command(line: string): Promise<void>
  /** Has what a tool prints go through a filter of the shell: `| grep -v Leaf2`; empty as it is. */
  wrap(tool: string, filter: string): Promise<void>
}

function topology(): string {
  const ports = (leaf: number) =>
    nodes.slice(leaf * 6, leaf * 6 + 6).map((node, index) => `[${index + 1}]\t"${node}"[1]`)
  const switches = [0, 1].flatMap((leaf) => [
    `Switch\t36 "Leaf${leaf + 1}"`,
    ...ports(leaf),
    `[36]\t"Leaf${2 - leaf}"[36]`,
    '',
  ])
  const hcas = nodes.flatMap((node, index) => [
    `Hca\t1 "${node}"`,
    `[1]\t"Leaf${index < 6 ? 1 : 2}"[${(index % 6) + 1}]`,
    '',
  ])
  return [...switches, ...hcas].join('\n')
}

export async function startIbsim(): Promise<Ibsim> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-ibsim-'))
  const bin = join(folder, 'bin')
  await mkdir(bin)
  const net = join(folder, 'fabric.net')
  await writeFile(net, topology())
  // Every process of one fabric needs the same socket name.
  const socket = `remora${process.pid}-${Date.now() % 100_000}`
  const { stdout } = await run('sh', ['-c', 'ls /usr/lib/*/umad2sim/libumad2sim.so'])
  const preload = stdout.trim()
  const own = { ...process.env, IBSIM_SOCKNAME: socket, OSM_CACHE_DIR: folder, OSM_TMP_DIR: folder }
  const simulator = spawn('/usr/bin/ibsim', ['-s', net], {
    cwd: folder,
    env: own,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  let said = ''
  simulator.stdout.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000)
  })
  const children: ChildProcess[] = [simulator]
  const wrap = async (tool: string, filter: string) => {
    const lines = [
      '#!/bin/sh',
      `IBSIM_SOCKNAME=${socket} SIM_HOST="${nodes[0]}" LD_PRELOAD=${preload} /usr/sbin/${tool} "$@" ${filter}`,
      '',
    ]
    await writeFile(join(bin, tool), lines.join('\n'))
    await chmod(join(bin, tool), 0o755)
  }
  for (const tool of ['ibnetdiscover', 'iblinkinfo', 'perfquery', 'ibqueryerrors', 'ibstat'])
    await wrap(tool, '')
  const ibsim: Ibsim = {
    path: `${bin}:/usr/bin:/bin`,
    wrap,
    async command(line) {
      simulator.stdin.write(`${line}\n`)
      await sleep(300)
    },
    async [Symbol.asyncDispose]() {
      for (const child of children.toReversed()) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        const gone = once(child, 'exit')
        child.kill('SIGKILL') // opensm hangs at SIGTERM once the simulator is gone.
        await gone
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    const until = Date.now() + 30_000
    const wait = async (what: string, isThere: () => Promise<boolean>) => {
      while (!(await isThere())) {
        if (Date.now() > until) throw new Error(`Cannot start ibsim: ${what}: ${said}`)
        await sleep(100)
      }
    }
    await wait('it is not ready', async () => said.includes('simulator ready'))
    const manager = spawn('/usr/sbin/opensm', ['-e', '-f', join(folder, 'opensm.log')], {
      cwd: folder,
      env: { ...own, SIM_HOST: nodes.at(-1), LD_PRELOAD: preload },
      stdio: 'ignore',
    })
    children.push(manager)
    await wait('its ports do not become active', async () => {
      const state = await run(join(bin, 'ibstat'), [], { cwd: folder }).catch(() => undefined)
      return state?.stdout.includes('State: Active') === true
    })
    return ibsim
  } catch (error) {
    await ibsim[Symbol.asyncDispose]()
    throw error
  }
}
