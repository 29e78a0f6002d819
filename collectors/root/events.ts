/** The events of root. */
const attributes = {
  device: 'as /proc/self/mountinfo has it',
  mountpoint: 'where it is mounted',
  fstype: '`ext4`, `overlay`, …',
} as const
const unmounted = 'unmounted'

export const rootEvents = [
  {
    name: 'filesystem.readonly',
    when: 'The root or a file system on a block device turns read-only, or writable again.',
    states: ['ro', 'rw', unmounted],
    attributes,
  },
  {
    name: 'filesystem.hung',
    when: 'A mount that can hang does not answer, or answers again.',
    states: ['hung', 'answering', unmounted],
    attributes,
  },
  {
    name: 'ext4.errors',
    when: 'An ext4 has counted further errors.',
    states: ['the count in its superblock', unmounted],
    attributes,
  },
] as const
