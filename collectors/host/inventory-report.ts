/**
 * What `remora inventory` prints and the inventory collector reads: one JSON object, in systeminformation's words.
 * Only what the metrics use is kept; a part that the machine does not tell is null, empty or left out.
 * @see https://systeminformation.io
 */
import * as z from 'zod'
import { ParseError } from '../../src/errors.ts'

const text = z.string().nullish()
const number = z.number().nullish()

const inventorySchema = z.object({
  system: z.object({ manufacturer: text, model: text, version: text, serial: text, uuid: text, sku: text }),
  baseboard: z.object({ manufacturer: text, model: text, version: text, serial: text }),
  bios: z.object({ vendor: text, version: text, releaseDate: text }),
  cpu: z.object({
    manufacturer: text,
    brand: text,
    cores: number,
    physicalCores: number,
    processors: number,
  }),
  memory: z.array(
    z.object({
      size: number,
      bank: text,
      type: text,
      formFactor: text,
      manufacturer: text,
      partNum: text,
      serialNum: text,
      clockSpeed: number,
      ecc: z.boolean().nullish(),
    }),
  ),
  disks: z.array(
    z.object({
      device: z.string(),
      name: text,
      vendor: text,
      size: number,
      serialNum: text,
      firmwareRevision: text,
      interfaceType: text,
    }),
  ),
  networks: z.array(
    z.object({
      iface: z.string(),
      mac: text,
      internal: z.boolean().nullish(),
      virtual: z.boolean().nullish(),
    }),
  ),
  os: z.object({ distro: text, release: text, codename: text, arch: text }),
})

export type Inventory = z.output<typeof inventorySchema>

/**
 * Checks what `remora inventory` printed.
 * @throws {ParseError} not JSON, or not of that shape.
 */
export function parseInventory(stdout: string): Inventory {
  let value: unknown
  try {
    value = JSON.parse(stdout)
  } catch (cause) {
    throw new ParseError(`Cannot parse inventory "${stdout.slice(0, 200)}": not JSON`, { cause })
  }
  const parsed = inventorySchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new ParseError(`Cannot parse inventory: ${issue?.path.join('.')}: ${issue?.message}`)
}
