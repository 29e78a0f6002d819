/**
 * Memory of the node, with node_exporter's names.
 * Reads /proc/meminfo: one `Key: value kB` a line, kB meaning 1024 bytes; HugePages_* are counts without a unit.
 * Kernels add keys and leave out what they are built without: a key that is not there gives no sample, and a key
 * that is not in the table (fs/proc/meminfo.c and the architectures of Linux 6.18) is not read.
 * @see Linux Documentation/filesystems/proc.rst, section meminfo
 */
import { ParseError } from '../../src/errors.ts'
import { deFacto, type Metric } from '../../src/model.ts'

const bytes = (name: string, key: string, help: string) => deFacto(name, 'gauge', 'bytes', key, help)
const count = (name: string, key: string, help: string) => deFacto(name, 'gauge', 'none', key, help)

/** The keys, in file order. De-facto names: the kernel's camel case inside. */
export const meminfoMetrics = [
  bytes('node_memory_MemTotal_bytes', 'MemTotal', 'Usable memory.'),
  bytes('node_memory_MemFree_bytes', 'MemFree', 'Memory used for nothing.'),
  bytes('node_memory_MemAvailable_bytes', 'MemAvailable', 'Memory a new program could get without swapping.'),
  bytes('node_memory_Buffers_bytes', 'Buffers', 'Cache of raw block devices.'),
  bytes('node_memory_Cached_bytes', 'Cached', 'Page cache, tmpfs included.'),
  bytes('node_memory_SwapCached_bytes', 'SwapCached', 'Memory that is also still in swap.'),
  bytes('node_memory_Active_bytes', 'Active', 'Recently used memory.'),
  bytes('node_memory_Inactive_bytes', 'Inactive', 'Memory not used recently.'),
  bytes('node_memory_Active_anon_bytes', 'Active(anon)', 'Recently used memory without a file.'),
  bytes('node_memory_Inactive_anon_bytes', 'Inactive(anon)', 'Memory without a file, not used recently.'),
  bytes('node_memory_Active_file_bytes', 'Active(file)', 'Recently used file cache.'),
  bytes('node_memory_Inactive_file_bytes', 'Inactive(file)', 'File cache not used recently.'),
  bytes('node_memory_Unevictable_bytes', 'Unevictable', 'Memory that cannot be reclaimed (locked, ramfs).'),
  bytes('node_memory_Mlocked_bytes', 'Mlocked', 'Memory locked by mlock.'),
  bytes('node_memory_HighTotal_bytes', 'HighTotal', 'High memory (32 bit only).'),
  bytes('node_memory_HighFree_bytes', 'HighFree', 'Free high memory (32 bit only).'),
  bytes('node_memory_LowTotal_bytes', 'LowTotal', 'Low memory (32 bit only).'),
  bytes('node_memory_LowFree_bytes', 'LowFree', 'Free low memory (32 bit only).'),
  bytes('node_memory_SwapTotal_bytes', 'SwapTotal', 'Swap space.'),
  bytes('node_memory_SwapFree_bytes', 'SwapFree', 'Free swap space.'),
  bytes('node_memory_Zswap_bytes', 'Zswap', 'Memory zswap holds, compressed.'),
  bytes('node_memory_Zswapped_bytes', 'Zswapped', 'Memory in zswap before compression.'),
  bytes('node_memory_Dirty_bytes', 'Dirty', 'Memory waiting to be written to disk.'),
  bytes('node_memory_Writeback_bytes', 'Writeback', 'Memory being written to disk.'),
  bytes('node_memory_AnonPages_bytes', 'AnonPages', 'Mapped memory without a file.'),
  bytes('node_memory_Mapped_bytes', 'Mapped', 'Mapped files.'),
  bytes('node_memory_Shmem_bytes', 'Shmem', 'Shared memory and tmpfs.'),
  bytes('node_memory_KReclaimable_bytes', 'KReclaimable', 'Kernel memory that can be reclaimed.'),
  bytes('node_memory_Slab_bytes', 'Slab', 'Kernel data structures.'),
  bytes('node_memory_SReclaimable_bytes', 'SReclaimable', 'Slab that can be reclaimed.'),
  bytes('node_memory_SUnreclaim_bytes', 'SUnreclaim', 'Slab that cannot be reclaimed.'),
  bytes('node_memory_KernelStack_bytes', 'KernelStack', 'Kernel stacks of tasks.'),
  bytes('node_memory_ShadowCallStack_bytes', 'ShadowCallStack', 'Shadow call stacks (arm64).'),
  bytes('node_memory_PageTables_bytes', 'PageTables', 'Page tables of user space.'),
  bytes('node_memory_SecPageTables_bytes', 'SecPageTables', 'Secondary page tables (KVM, IOMMU).'),
  bytes(
    'node_memory_NFS_Unstable_bytes',
    'NFS_Unstable',
    'Sent to NFS servers, not yet on their disk; 0 since 5.8.',
  ),
  bytes('node_memory_Bounce_bytes', 'Bounce', 'Bounce buffers of block devices.'),
  bytes('node_memory_WritebackTmp_bytes', 'WritebackTmp', 'Temporary write-back buffers of FUSE.'),
  bytes(
    'node_memory_CommitLimit_bytes',
    'CommitLimit',
    'Most memory that may be promised under strict overcommit.',
  ),
  bytes('node_memory_Committed_AS_bytes', 'Committed_AS', 'Memory promised to programs, used or not.'),
  bytes('node_memory_VmallocTotal_bytes', 'VmallocTotal', 'Address space of vmalloc, not memory.'),
  bytes('node_memory_VmallocUsed_bytes', 'VmallocUsed', 'Memory vmalloc holds.'),
  bytes('node_memory_VmallocChunk_bytes', 'VmallocChunk', 'Largest free chunk of vmalloc; 0 since 4.4.'),
  bytes('node_memory_Percpu_bytes', 'Percpu', 'Per-CPU allocations.'),
  bytes('node_memory_EarlyMemtestBad_bytes', 'EarlyMemtestBad', 'Memory the early memory test found bad.'),
  bytes(
    'node_memory_HardwareCorrupted_bytes',
    'HardwareCorrupted',
    'Memory set aside because of hardware errors.',
  ),
  bytes('node_memory_AnonHugePages_bytes', 'AnonHugePages', 'Transparent huge pages without a file.'),
  bytes('node_memory_ShmemHugePages_bytes', 'ShmemHugePages', 'Shared memory and tmpfs in huge pages.'),
  bytes('node_memory_ShmemPmdMapped_bytes', 'ShmemPmdMapped', 'Shared memory mapped as huge pages.'),
  bytes('node_memory_FileHugePages_bytes', 'FileHugePages', 'Page cache in huge pages.'),
  bytes('node_memory_FilePmdMapped_bytes', 'FilePmdMapped', 'Page cache mapped as huge pages.'),
  bytes('node_memory_CmaTotal_bytes', 'CmaTotal', 'Contiguous memory allocator.'),
  bytes('node_memory_CmaFree_bytes', 'CmaFree', 'Free in the contiguous allocator.'),
  bytes('node_memory_Unaccepted_bytes', 'Unaccepted', 'Memory a confidential guest has not accepted yet.'),
  bytes('node_memory_Balloon_bytes', 'Balloon', 'Memory given back to the hypervisor.'),
  bytes('node_memory_GPUActive_bytes', 'GPUActive', 'System memory GPUs use.'),
  bytes('node_memory_GPUReclaim_bytes', 'GPUReclaim', 'Freed by GPUs, kept for reuse.'),
  count('node_memory_HugePages_Total', 'HugePages_Total', 'Huge pages in the pool.'),
  count('node_memory_HugePages_Free', 'HugePages_Free', 'Huge pages not allocated.'),
  count('node_memory_HugePages_Rsvd', 'HugePages_Rsvd', 'Huge pages promised, not yet allocated.'),
  count('node_memory_HugePages_Surp', 'HugePages_Surp', 'Huge pages above the size of the pool.'),
  bytes('node_memory_Hugepagesize_bytes', 'Hugepagesize', 'Default huge page size.'),
  bytes('node_memory_Hugetlb_bytes', 'Hugetlb', 'All huge pages, of every size.'),
  bytes('node_memory_DirectMap4k_bytes', 'DirectMap4k', 'Mapped in 4 KiB pages.'),
  bytes('node_memory_DirectMap64k_bytes', 'DirectMap64k', 'Mapped in 64 KiB pages.'),
  bytes('node_memory_DirectMap1M_bytes', 'DirectMap1M', 'Mapped in 1 MiB pages.'),
  bytes('node_memory_DirectMap2M_bytes', 'DirectMap2M', 'Mapped in 2 MiB pages.'),
  bytes('node_memory_DirectMap4M_bytes', 'DirectMap4M', 'Mapped in 4 MiB pages.'),
  bytes('node_memory_DirectMap1G_bytes', 'DirectMap1G', 'Mapped in 1 GiB pages.'),
  bytes('node_memory_DirectMap2G_bytes', 'DirectMap2G', 'Mapped in 2 GiB pages.'),
]

const metricOf = new Map(meminfoMetrics.map((metric) => [metric.source, metric]))

/**
 * Parses /proc/meminfo.
 * @returns bytes (counts for HugePages_*) by metric, in file order; keys that are not in the table are left out.
 * @throws {ParseError} a line that is no `Key: number [kB]`, or no known key at all.
 */
export function parseMeminfo(text: string): Map<Metric, number> {
  const values = new Map<Metric, number>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const match = /^(\S+):\s+(\d{1,15})( kB)?$/.exec(line)
    if (!match) throw new ParseError(`Cannot parse meminfo line "${line}": not of the form "Key: 1 kB"`)
    const [, key, digits, unit] = match
    const metric = metricOf.get(key ?? '')
    if (metric) values.set(metric, Number(digits) * (unit ? 1024 : 1))
  }
  if (values.size === 0) throw new ParseError(`Cannot parse meminfo "${text}": no known key`)
  return values
}
