/**
 * How one file is made of many: CommonJS, because it is the smallest in memory (one file compiled lazily, no module
 * graph), and without the runtime.
 */
import { type BuildResult, build, type Plugin } from 'esbuild'
import { withPageScript } from './page-script.ts'

/** Bundles what `entry` needs into `outfile`. */
export function bundle(
  entry: string,
  outfile: string,
  plugins: readonly Plugin[] = [],
): Promise<BuildResult<{ metafile: true }>> {
  return build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node26',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    banner: { js: '#!/usr/bin/env node' },
    // node-cron's ESM build reads import.meta.url, which a CommonJS bundle does not have.
    alias: { 'node-cron': `${import.meta.dirname}/node_modules/node-cron/dist/node-cron.cjs` },
    metafile: true,
    logLevel: 'warning',
    plugins: [withPageScript, ...plugins],
  })
}
