/**
 * File systems that hang for real: mounts FUSE on each folder given, answers the kernel's hello and then reads
 * requests without ever answering, which leaves whoever asked in D state, beyond SIGKILL.
 * Prints `ready` once all are mounted and greeted; ends, aborting and unmounting, when its input ends or it dies.
 * @see Linux include/uapi/linux/fuse.h, Documentation/filesystems/fuse/fuse.rst (Aborting a filesystem connection)
 */
import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const initOpcode = 26
const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other'
const request = Buffer.alloc(0x21000)
const folders = process.argv.slice(2)
const devices: number[] = []

/** Greets as protocol 7.31 with no features: fuse_out_header and fuse_init_out. */
function greet(device: number, unique: bigint): void {
  const reply = Buffer.alloc(16 + 64)
  reply.writeUInt32LE(reply.length, 0)
  reply.writeBigUInt64LE(unique, 8)
  reply.writeUInt32LE(7, 16)
  reply.writeUInt32LE(31, 20)
  reply.writeUInt32LE(4096, 36) // max_write
  writeSync(device, reply)
}

/** Reads one request, if there is one. */
function take(device: number): boolean {
  try {
    readSync(device, request)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false
    throw error
  }
  if (request.readUInt32LE(4) !== initOpcode) return false
  greet(device, request.readBigUInt64LE(8))
  return true
}

function end(): void {
  for (const device of devices) closeSync(device) // The last reference: the kernel aborts the connection.
  for (const folder of folders) spawnSync('umount', ['-l', '-c', folder])
  process.exit()
}
process.stdin.resume().on('end', end)
process.on('SIGTERM', end)

for (const folder of folders) {
  const device = openSync('/dev/fuse', constants.O_RDWR | constants.O_NONBLOCK)
  devices.push(device)
  const args = ['-i', '-t', 'fuse', '-o', options, 'remora-test', folder]
  const { status, stderr } = spawnSync('mount', args, { stdio: ['ignore', 'ignore', 'pipe', device] })
  if (status !== 0) throw new Error(`Cannot mount "${folder}": ${stderr}`)
  while (!take(device)) await sleep(5)
}
console.log('ready')
for (;;) {
  for (const device of devices) take(device)
  await sleep(5)
}
