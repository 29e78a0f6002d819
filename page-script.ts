/** How the page's script is made: one file for browsers, of src/page/browser/ and what it needs, by gzip. */
import { gzipSync } from 'node:zlib'
import { build, type Plugin } from 'esbuild'

/** A licence that asks for it is named where its work is. */
const banner =
  '/*! In it: uPlot, MIT licence, Copyright (c) Leon Sorokin, https://github.com/leeoniya/uPlot */'

export async function makePageScript(): Promise<Buffer> {
  const { outputFiles } = await build({
    entryPoints: [`${import.meta.dirname}/src/page/browser/main.ts`],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    minify: true,
    banner: { js: banner },
    loader: { '.css': 'text' },
    logLevel: 'warning',
  })
  return gzipSync(outputFiles[0]?.text ?? '', { level: 9 })
}

/** Puts what was made in place of the file that makes it, so that one file ships. */
export const withPageScript: Plugin = {
  name: 'page script',
  setup({ onLoad }) {
    onLoad({ filter: /src\/server\/script\.ts$/ }, async () => {
      const text = (await makePageScript()).toString('base64')
      return {
        contents: `export const pageScript = async () => Buffer.from(${JSON.stringify(text)}, 'base64')`,
        loader: 'js',
      }
    })
  },
}
