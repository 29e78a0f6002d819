/** The part of snappyjs that is used: the snappy block format, without a length check on the input. */
declare module 'snappyjs' {
  export function compress(bytes: Uint8Array): Uint8Array
  export function uncompress(bytes: Uint8Array, mostBytes?: number): Uint8Array
}
