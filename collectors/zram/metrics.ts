/** The metrics of zram: name, unit, where the kernel counts it, help. */
import { counter, gauge } from '../../src/model.ts'

const device = ['device']

export const info = gauge(
  'node_zram_info',
  'info',
  'comp_algorithm',
  'What compresses the device, what it is for, and where its own file system is mounted.',
  ['device', 'algorithm', 'kind', 'mountpoint'],
)
export const disksize = gauge(
  'node_zram_disksize_bytes',
  'bytes',
  'disksize',
  'Size of the device, before compression; 0 until it is set up.',
  device,
)
export const origData = gauge(
  'node_zram_orig_data_bytes',
  'bytes',
  'mm_stat orig_data_size',
  'Data stored, before compression; kernels before 4.15 leave out pages of one repeated value.',
  device,
)
export const comprData = gauge(
  'node_zram_compr_data_bytes',
  'bytes',
  'mm_stat compr_data_size',
  'Data stored, after compression.',
  device,
)
export const memUsed = gauge(
  'node_zram_mem_used_bytes',
  'bytes',
  'mm_stat mem_used_total',
  'Memory held, overhead included.',
  device,
)
export const memLimit = gauge(
  'node_zram_mem_limit_bytes',
  'bytes',
  'mm_stat mem_limit',
  'Memory allowed; absent without a limit.',
  device,
)
export const memUsedMax = gauge(
  'node_zram_mem_used_max_bytes',
  'bytes',
  'mm_stat mem_used_max',
  'Most memory held so far.',
  device,
)
export const samePages = gauge(
  'node_zram_same_pages',
  'pages',
  'mm_stat same_pages',
  'Pages of one repeated value (of zeros before 4.11), which take no memory.',
  device,
)
export const compactedPages = counter(
  'node_zram_compacted_pages_total',
  'pages',
  'mm_stat pages_compacted',
  'Pages that compaction freed.',
  device,
)
export const hugePages = gauge(
  'node_zram_huge_pages',
  'pages',
  'mm_stat huge_pages',
  'Incompressible pages held now.',
  device,
)
export const hugePagesStored = counter(
  'node_zram_huge_pages_stored_total',
  'pages',
  'mm_stat huge_pages_since',
  'Incompressible pages written.',
  device,
)
export const reads = counter(
  'node_zram_reads_total',
  'none',
  'stat 1, num_reads',
  'Reads of the device.',
  device,
)
export const writes = counter(
  'node_zram_writes_total',
  'none',
  'stat 5, num_writes',
  'Writes to the device.',
  device,
)
export const failedReads = counter(
  'node_zram_failed_reads_total',
  'none',
  'io_stat failed_reads',
  'Reads that failed.',
  device,
)
export const failedWrites = counter(
  'node_zram_failed_writes_total',
  'none',
  'io_stat failed_writes',
  'Writes that failed: no memory, or mem_limit reached. Data is lost.',
  device,
)
export const invalidIo = counter(
  'node_zram_invalid_io_total',
  'none',
  'io_stat invalid_io',
  'Requests that were not aligned to pages.',
  device,
)
export const notifyFree = counter(
  'node_zram_notify_free_total',
  'none',
  'io_stat notify_free',
  'Pages given back, by swap or by discard.',
  device,
)
export const backingUsed = gauge(
  'node_zram_backing_used_bytes',
  'bytes',
  'bd_stat bd_count',
  'Data held on the backing device.',
  device,
)
export const backingRead = counter(
  'node_zram_backing_read_bytes_total',
  'bytes',
  'bd_stat bd_reads',
  'Data read from the backing device.',
  device,
)
export const backingWritten = counter(
  'node_zram_backing_written_bytes_total',
  'bytes',
  'bd_stat bd_writes',
  'Data written to the backing device.',
  device,
)
export const compressionRatio = gauge(
  'node_zram_compression_ratio',
  'ratio',
  'mm_stat',
  'Data stored over what it takes: compr_data is the compressor alone, mem_used includes overhead.',
  ['device', 'denominator'],
)
export const fillRatio = gauge(
  'node_zram_fill_ratio',
  'ratio',
  'mm_stat, MemAvailable, statfs',
  'How full the device is, 0 to 1, by what bounds it; the highest is what counts.',
  ['device', 'constraint'],
)
export const growthRatio = gauge(
  'node_zram_growth_ratio',
  'ratio',
  'mm_stat, MemAvailable',
  'Memory the rest of the device would take at the present compression, over MemAvailable; above 1 it cannot be filled.',
  device,
)
export const trimReclaimable = gauge(
  'node_zram_trim_reclaimable_bytes',
  'bytes',
  'mm_stat orig_data_size, statfs',
  'Data stored that no file system on the device uses: deleted files hold their memory until discarded.',
  device,
)

export const metrics = [
  info,
  disksize,
  origData,
  comprData,
  memUsed,
  memLimit,
  memUsedMax,
  samePages,
  compactedPages,
  hugePages,
  hugePagesStored,
  reads,
  writes,
  failedReads,
  failedWrites,
  invalidIo,
  notifyFree,
  backingUsed,
  backingRead,
  backingWritten,
  compressionRatio,
  fillRatio,
  growthRatio,
  trimReclaimable,
]
