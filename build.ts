/**
 * Bundles Remora into the one file that ships: dist/remora.cjs (CommonJS, no runtime inside).
 * CommonJS because it is the smallest in memory: one file compiled lazily, no module graph.
 */
import { chmod } from 'node:fs/promises'
import { build } from 'esbuild'

const result = await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/remora.cjs',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node26',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  banner: { js: '#!/usr/bin/env node' },
  // node-cron's ESM build reads import.meta.url, which a CommonJS bundle does not have.
  alias: { 'node-cron': './node_modules/node-cron/dist/node-cron.cjs' },
  metafile: true,
  logLevel: 'warning',
})
await chmod('dist/remora.cjs', 0o755)
const bytes = result.metafile.outputs['dist/remora.cjs']?.bytes ?? 0
if (bytes > 3_000_000) throw new Error(`Cannot ship dist/remora.cjs: ${bytes} bytes, at most 3,000,000`)
console.log(`dist/remora.cjs ${(bytes / 1e6).toFixed(2)} MB`)
