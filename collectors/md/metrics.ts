/** node_exporter's names for md (1.11), and what they do not tell. */
import { counter, deFacto, gauge } from '../../src/model.ts'

const device = ['device']
const member = [...device, 'member']

export const blocks = deFacto(
  'node_md_blocks',
  'gauge',
  'none',
  'mdstat',
  'Size of the array in blocks of 1 KiB.',
  device,
)
export const blocksSynced = deFacto(
  'node_md_blocks_synced',
  'gauge',
  'none',
  'mdstat',
  'Blocks in sync; while a recovery, resync or check goes on, those of one member it has passed.',
  device,
)
export const disks = deFacto(
  'node_md_disks',
  'gauge',
  'none',
  'mdstat',
  'Members by what they are: active, failed, spare.',
  [...device, 'state'],
)
export const disksRequired = deFacto(
  'node_md_disks_required',
  'gauge',
  'none',
  'mdstat',
  'Members the array needs to be whole.',
  device,
)
export const state = deFacto(
  'node_md_state',
  'gauge',
  'none',
  'mdstat',
  '1 for what the array does now, 0 for the rest; all 0 during a reshape.',
  [...device, 'state'],
)
export const raidDisks = deFacto(
  'node_md_raid_disks',
  'gauge',
  'none',
  'raid_disks',
  'Members of the whole array, as the kernel is told.',
  device,
)
export const degraded = deFacto(
  'node_md_degraded',
  'gauge',
  'none',
  'degraded',
  'Members that are missing from the array.',
  device,
)

export const info = gauge(
  'node_md_info',
  'info',
  'mdstat',
  'The level of the array, and its metadata: `external:imsm` is a container of disks and no array, `external:/md127/0` an array in it.',
  [...device, 'level', 'metadata'],
)
const operation = [...device, 'operation']
export const syncProgress = gauge(
  'node_md_sync_progress_ratio',
  'ratio',
  'mdstat',
  'How far a recovery, resync, reshape, check or repair is. Absent when none goes on.',
  operation,
)
export const syncRemaining = gauge(
  'node_md_sync_remaining_seconds',
  'seconds',
  'mdstat',
  'How long it will take, as the kernel estimates.',
  operation,
)
export const syncSpeed = gauge(
  'node_md_sync_speed_bytes_per_second',
  'none',
  'mdstat',
  'How fast it is, in bytes per second.',
  operation,
)
export const mismatches = gauge(
  'node_md_mismatch_sectors',
  'none',
  'mismatch_cnt',
  'Sectors found (check) or made (repair) different by the last check.',
  device,
)
export const memberState = gauge(
  'node_md_member_state',
  'none',
  'dev-*/state',
  '1 for each word the kernel says of the member: in_sync, faulty, spare, write_mostly, journal, blocked, …',
  [...member, 'state'],
)
export const memberErrors = counter(
  'node_md_member_errors_total',
  'none',
  'dev-*/errors',
  'Read errors of the member that the array corrected.',
  member,
)
export const memberBadBlocks = gauge(
  'node_md_member_bad_sectors',
  'none',
  'dev-*/bad_blocks',
  "Sectors in the member's list of bad blocks, as far as the kernel prints it (one page).",
  member,
)

export const mdMetrics = [
  blocks,
  blocksSynced,
  disks,
  disksRequired,
  state,
  raidDisks,
  degraded,
  info,
  syncProgress,
  syncRemaining,
  syncSpeed,
  mismatches,
  memberState,
  memberErrors,
  memberBadBlocks,
]
