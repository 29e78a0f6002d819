/** The events of pstore. */
const attributes = {
  'pstore.type': '`dmesg`, `console`, `ftrace`, `pmsg`',
  'pstore.backend': '`efi`, `erst`, `ramoops`',
  'pstore.reason': '`Panic`, `Oops`, …',
  'pstore.count': 'how many the kernel had written in that boot',
  'pstore.files': 'the files it was put together of',
  'pstore.parts': 'the numbers of its parts',
  'pstore.missing_parts': 'those between that are not there',
  'pstore.bytes': 'of the whole text',
  'pstore.left_out_bytes': 'of these, not sent',
  'pstore.pieces': 'how many records with the text follow',
} as const

export const pstoreEvents = [
  {
    name: 'pstore.crash',
    when: "A crash of an earlier boot was found: the kernel's last words.",
    attributes,
  },
  { name: 'pstore.<type>', when: 'Another record of an earlier boot was found.', attributes },
  {
    name: 'pstore.dump',
    when: 'One piece of the text of such a record, after it.',
    attributes: {
      'pstore.crash': 'the stream of the record it belongs to',
      'pstore.piece': '`<number>/<pieces>`',
      '*': 'the text',
    },
  },
] as const
