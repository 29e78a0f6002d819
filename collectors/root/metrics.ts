/** What the root collector measures. */
import { counter, gauge } from '../../src/model.ts'

export const info = gauge(
  'node_root_info',
  'info',
  'mountinfo of /',
  'What the root is made of, and whether it is gone with the next reset.',
  ['kind', 'filesystem', 'device', 'ephemeral'],
)
export const ephemeral = gauge(
  'node_root_ephemeral',
  'none',
  'mountinfo of /',
  'Whether what is written to the root is gone with the next reset.',
)

const part = ['device', 'mountpoint', 'fstype', 'device_error']

export const size = gauge(
  'node_filesystem_size_bytes',
  'bytes',
  'statfs f_blocks',
  'Filesystem size in bytes.',
  part,
)
export const free = gauge(
  'node_filesystem_free_bytes',
  'bytes',
  'statfs f_bfree',
  'Filesystem free space in bytes.',
  part,
)
export const avail = gauge(
  'node_filesystem_avail_bytes',
  'bytes',
  'statfs f_bavail',
  'Filesystem space available to non-root users in bytes.',
  part,
)
export const files = gauge(
  'node_filesystem_files',
  'none',
  'statfs f_files',
  'Filesystem total file nodes.',
  part,
)
export const filesFree = gauge(
  'node_filesystem_files_free',
  'none',
  'statfs f_ffree',
  'Filesystem total free file nodes.',
  part,
)
export const readonly = gauge(
  'node_filesystem_readonly',
  'none',
  'mountinfo ro, emergency_ro; ext4 last_error_func, last_error_errcode',
  'Filesystem read-only status.',
  part,
)
export const deviceError = gauge(
  'node_filesystem_device_error',
  'none',
  'statfs',
  'Whether an error occurred while getting statistics for the given device.',
  part,
)
export const mountInfo = gauge(
  'node_filesystem_mount_info',
  'info',
  'mountinfo',
  'Filesystem mount information.',
  ['device', 'major', 'minor', 'mountpoint'],
)

const upper = ['mountpoint', 'fstype']

export const upperSize = gauge(
  'node_overlay_upper_size_bytes',
  'bytes',
  'statfs f_blocks',
  "Size of the file system that holds the root's upper layer.",
  upper,
)
export const upperFree = gauge(
  'node_overlay_upper_free_bytes',
  'bytes',
  'statfs f_bfree',
  "Free space of the file system that holds the root's upper layer.",
  upper,
)
export const upperAvail = gauge(
  'node_overlay_upper_avail_bytes',
  'bytes',
  'statfs f_bavail',
  "Space for non-root users on the file system that holds the root's upper layer.",
  upper,
)
export const upperFiles = gauge(
  'node_overlay_upper_files',
  'none',
  'statfs f_files',
  "Inodes of the file system that holds the root's upper layer.",
  upper,
)
export const upperFilesFree = gauge(
  'node_overlay_upper_files_free',
  'none',
  'statfs f_ffree',
  "Free inodes of the file system that holds the root's upper layer.",
  upper,
)

export const ext4Errors = counter(
  'node_ext4_errors_total',
  'none',
  'errors_count',
  'Errors the file system has counted since its last check, over all mounts.',
  ['device'],
)
export const ext4Warnings = counter(
  'node_ext4_warnings_total',
  'none',
  'warning_count',
  'Warnings since it was mounted.',
  ['device'],
)
export const ext4Messages = counter(
  'node_ext4_messages_total',
  'none',
  'msg_count',
  'Messages to the kernel log since it was mounted.',
  ['device'],
)
export const ext4FirstError = gauge(
  'node_ext4_first_error_timestamp_seconds',
  'timestamp_seconds',
  'first_error_time',
  'When the first of its errors happened; absent without errors.',
  ['device'],
)
export const ext4LastError = gauge(
  'node_ext4_last_error_timestamp_seconds',
  'timestamp_seconds',
  'last_error_time',
  'When the last of its errors happened; absent without errors.',
  ['device'],
)

export const metrics = [
  info,
  ephemeral,
  size,
  free,
  avail,
  files,
  filesFree,
  readonly,
  deviceError,
  mountInfo,
  upperSize,
  upperFree,
  upperAvail,
  upperFiles,
  upperFilesFree,
  ext4Errors,
  ext4Warnings,
  ext4Messages,
  ext4FirstError,
  ext4LastError,
]
