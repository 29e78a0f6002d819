/**
 * The page's script. This is how it is made where Remora runs from its sources; bundle.ts puts the script itself in
 * place of this file.
 */
import { makePageScript } from '../../page-script.ts'

/** The whole script, minified, by gzip. */
export function pageScript(): Promise<Buffer> {
  return makePageScript()
}
