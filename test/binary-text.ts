/** Text of any bytes, for fuzzing. fast-check's own `unit: 'binary'` lists all of Unicode first: five seconds a file. */
import fc from 'fast-check'

export function binaryText(maxLength = 40): fc.Arbitrary<string> {
  return fc
    .tuple(fc.uint8Array({ maxLength }), fc.constantFrom<BufferEncoding>('latin1', 'utf8', 'utf16le'))
    .map(([bytes, encoding]) => Buffer.from(bytes).toString(encoding))
}
