/**
 * Text from firmware tables (SMBIOS): vendors leave words there that say nothing.
 * @see DMTF DSP0134, System Management BIOS reference specification
 */

const nothing = new Set([
  'to be filled by o.e.m.',
  'to be filled by oem',
  'filled by oem',
  'not specified',
  'not available',
  'not applicable',
  'not present',
  'not provided',
  'default string',
  'system serial number',
  'system product name',
  'system manufacturer',
  'serial number',
  'base board serial number',
  'chassis serial number',
  'asset tag',
  'no asset tag',
  'no dimm',
  'unknown',
  'undefined',
  'invalid',
  'oem',
  'o.e.m.',
  'none',
  'n/a',
  'na',
  'null',
  'empty',
  'nil',
  '0123456789',
  '123456789',
  '1234567890',
  '03000200-0400-0500-0006-000700080009', // Delivered on whole series of boards.
])

/** The text without surrounding blanks; undefined when it is empty or a vendor's word for nothing (all zeros, all ones, "To be filled by O.E.M."). */
export function firmwareText(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? ''
  const word = trimmed.toLowerCase()
  // One character over and over ("0", "00000000-0000-…", "FFFF…", "------") numbers nothing.
  const repeats = /^([0fx.*?_-])(\1|[\s:-])*$/.test(word)
  return word === '' || repeats || nothing.has(word) ? undefined : trimmed
}
