/** Makes dist/remora.cjs, the one file that ships, and refuses it when it has grown too big. */
import { chmod } from 'node:fs/promises'
import { bundle } from './bundle.ts'

const outfile = 'dist/remora.cjs'
const mostBytes = 3_000_000

const { metafile } = await bundle('src/main.ts', outfile)
await chmod(outfile, 0o755)
const bytes = metafile.outputs[outfile]?.bytes ?? 0
if (bytes > mostBytes) throw new Error(`Cannot ship ${outfile}: ${bytes} bytes, at most ${mostBytes}`)
console.log(`${outfile} ${(bytes / 1e6).toFixed(2)} MB`)
