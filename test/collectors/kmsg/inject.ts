/** Writes records to this machine's /dev/kmsg (root), of facility user and level debug: the console does not show them. */
import { open } from 'node:fs/promises'

/** Each through an opening of its own: the kernel limits how many one may write. */
export async function inject(lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    await using device = await open('/dev/kmsg', 'w')
    await device.write(`<15>${line}\n`)
  }
}
