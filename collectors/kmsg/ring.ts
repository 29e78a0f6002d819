/**
 * /dev/kmsg, opened without blocking: each read gives one record whole. Reads are in memory and never wait, so they are
 * made at once; a blocking one would hold one of Node's four threads for as long as the kernel is silent.
 * @see Linux Documentation/ABI/testing/dev-kmsg
 */
import { closeSync, constants, openSync, readSync } from 'node:fs'

/** The kernel's own bound is 8 KiB (older ones) or 2 KiB of text, escaped. */
const recordBytes = 64 << 10

/**
 * `end`: all that was there is read. `overrun`: what came next is gone, the next read goes on behind the gap. `short`: a
 * record did not fit and is passed.
 */
export type Read = Buffer | 'end' | 'overrun' | 'short'

/** Where records come from: a test may put another one in its place. */
export interface Ring extends Disposable {
  read(): Read
}

/** @throws the system error: there is no such device, or it may not be read */
export function openRing(path: string): Ring {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const buffer = Buffer.allocUnsafe(recordBytes)
  return {
    read() {
      try {
        const length = readSync(fd, buffer)
        return length === 0 ? 'end' : Buffer.from(buffer.subarray(0, length))
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined
        if (code === 'EAGAIN' || code === 'EINTR') return 'end'
        if (code === 'EPIPE') return 'overrun'
        if (code === 'EINVAL') return 'short'
        throw error
      }
    },
    [Symbol.dispose]: () => closeSync(fd),
  }
}
