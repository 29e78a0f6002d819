/**
 * The name of a file in pstore: `<type>-<backend>-<id>`, with `.enc.z` behind it while its text is compressed.
 * @see Linux fs/pstore/inode.c (pstore_mkfile), Documentation/ABI/testing/pstore
 */
import { ParseError } from '../../src/errors.ts'

export interface PstoreName {
  readonly name: string
  /** `dmesg`, `console`, `pmsg`, `ftrace`, `mce`, `rtas`, `powerpc-…`, `unknown`. */
  readonly type: string
  /** Who keeps it: `erst`, `efi_pstore`, `efi`, `ramoops`, … */
  readonly backend: string
  readonly id: bigint
  readonly isCompressed: boolean
}

const shape =
  /^(dmesg|console|ftrace|rtas|pmsg|mce|unknown|powerpc-[a-z]{1,20})-([A-Za-z0-9_][A-Za-z0-9_.-]{0,40})-(\d{1,20})(\.enc\.z)?$/

/** @throws {ParseError} if it is no such name */
export function parseName(name: string): PstoreName {
  const [, type, backend, id, compressed] = shape.exec(name) ?? []
  if (type === undefined || backend === undefined || id === undefined)
    throw new ParseError(`Cannot parse pstore file name "${name}": it is not "type-backend-id"`)
  return { name, type, backend, id: BigInt(id), isCompressed: compressed !== undefined }
}
