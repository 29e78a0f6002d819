/**
 * The body of `remora inventory`, a child that lives for a few seconds: the only place that loads systeminformation,
 * which runs shell strings by itself and takes memory that the agent shall not hold.
 */
import type { Inventory } from './inventory-report.ts'

/** The inventory of this machine. A part that fails is what systeminformation gives for an unknown one. */
export async function readInventory(): Promise<Inventory> {
  const machine = await import('systeminformation')
  const [system, baseboard, bios, cpu, memory, disks, networks, os] = await Promise.all([
    machine.system(),
    machine.baseboard(),
    machine.bios(),
    machine.cpu(),
    machine.memLayout(),
    machine.diskLayout(),
    machine.networkInterfaces(),
    machine.osInfo(),
  ])
  return {
    system,
    baseboard,
    bios,
    cpu,
    memory,
    disks,
    networks: Array.isArray(networks) ? networks : [networks],
    os,
  }
}

/** Prints the inventory on stdout, one JSON object. */
export async function printInventory(): Promise<void> {
  const json = JSON.stringify(await readInventory())
  await new Promise<void>((resolve, reject) =>
    process.stdout.write(`${json}\n`, (error) => (error ? reject(error) : resolve())),
  )
}
