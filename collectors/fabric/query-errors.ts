/**
 * What ibqueryerrors finds: ports whose error counters are over its thresholds. Without a subnet manager it fails and still
 * exits with 0.
 * @see ibqueryerrors(8) of infiniband-diags
 */
import { ParseError } from '../../src/errors.ts'

export interface FabricErrors {
  readonly nodes: number
  readonly badNodes: number
  /** Ports over a threshold, each once; GUIDs with 16 digits, as the other tools print them. */
  readonly ports: readonly { readonly guid: string; readonly port: string }[]
}

/** @throws {ParseError} it has no summary, and so is not whole */
export function parseQueryErrors(text: string): FabricErrors {
  const [, nodes, badNodes] =
    /^## Summary: (\d{1,7}) nodes checked, (\d{1,7}) bad nodes found/m.exec(text) ?? []
  if (nodes === undefined)
    throw new ParseError(
      `Cannot parse ibqueryerrors "${text.trim().slice(0, 160)}": expected a summary at its end`,
    )
  const ports = [...text.matchAll(/^\s*GUID 0x([0-9a-f]{1,16}) port (\d{1,4}):/gm)].map(
    ([, digits = '', port = '']) => ({ guid: `0x${digits.padStart(16, '0')}`, port }),
  )
  return { nodes: Number(nodes), badNodes: Number(badNodes), ports }
}
