import { type Case, of } from './case.ts'

const device = 'zram0'
const fill = (constraint: string) => of('node_zram_fill_ratio', { device, constraint })
const failed = of('node_zram_failed_writes_total', { device })
const ratio = of('node_zram_compression_ratio', { device, denominator: 'mem_used' })
const compressorAlone = of('node_zram_compression_ratio', { device, denominator: 'compr_data' })
const stored = of('node_zram_orig_data_bytes', { device })
const root = { device: '/dev/zram0', fstype: 'ext4', mountpoint: '/' }
const readOnly = of('node_filesystem_readonly', root)

/** The root: each alert at the moment before it may fire, once it must, and where it must never. */
export const rootCases: readonly Case[] = [
  {
    alert: 'ZramFillHigh',
    when: 'over 85 % for 4 minutes only',
    series: { [fill('mem_limit')]: '0.8 0.9x30', [fill('disksize')]: '0.2x31' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'ZramFillHigh',
    when: 'over 85 % for 5 minutes, by one constraint of two',
    series: { [fill('mem_limit')]: '0.8 0.9x30', [fill('disksize')]: '0.2x31' },
    at: '6m',
    fires: [{ labels: { device, constraint: 'mem_limit' }, shown: '90%' }],
  },
  {
    alert: 'ZramFillHigh',
    when: 'dipping below 85 % within the 5 minutes',
    series: { [fill('mem_limit')]: '0.9 0.9 0.9 0.84 0.9 0.9 0.9 0.84 0.9 0.9' },
    at: '9m',
    fires: [],
  },
  {
    alert: 'ZramFillCritical',
    when: 'at 95 %',
    series: { [fill('memory')]: '0.95x30' },
    at: '20m',
    fires: [],
  },
  {
    alert: 'ZramFillCritical',
    when: 'at 97 % for a minute',
    series: { [fill('memory')]: '0.9x5 0.97x5' },
    at: '7m',
    fires: [{ labels: { device, constraint: 'memory' }, shown: '97%' }],
  },
  {
    alert: 'ZramPredictedFull',
    when: 'growing 0.2 % a minute from 40 %: full in 4 hours, once past half',
    series: { [fill('memory')]: '0.4+0.002x200' },
    at: '75m',
    fires: [{ labels: { device, constraint: 'memory' }, shown: '55%' }],
  },
  {
    alert: 'ZramPredictedFull',
    when: 'growing as fast, but not yet half full',
    series: { [fill('memory')]: '0.2+0.004x70' },
    at: '70m',
    fires: [],
  },
  {
    alert: 'ZramPredictedFull',
    when: 'growing 0.05 % a minute from 55 %: not within 4 hours',
    series: { [fill('memory')]: '0.55+0.0005x120' },
    at: '100m',
    fires: [],
  },
  {
    alert: 'ZramPredictedFull',
    when: 'a jump from 30 % to 70 % half an hour ago and nothing since',
    series: { [fill('memory')]: '0.3x60 0.7x60' },
    at: '90m',
    fires: [],
  },
  {
    alert: 'ZramPredictedFullSoon',
    when: 'growing 1 % a minute from 40 %: full within the hour, once past half',
    series: { [fill('disksize')]: '0.4+0.01x50' },
    at: '20m',
    fires: [{ labels: { device, constraint: 'disksize' }, shown: '60%' }],
  },
  {
    alert: 'ZramPredictedFullSoon',
    when: 'full within 4 hours, not within one',
    series: { [fill('disksize')]: '0.5+0.002x200' },
    at: '75m',
    fires: [],
  },
  {
    alert: 'ZramFailedWrites',
    when: 'no write has failed since an old failure',
    series: { [failed]: '8x60' },
    at: '30m',
    fires: [],
  },
  {
    alert: 'ZramFailedWrites',
    when: 'nine writes failed just now',
    series: { [failed]: '0x20 9x20' },
    at: '25m',
    fires: [{ labels: { device }, shown: '9' }],
  },
  {
    alert: 'ZramCompressionCollapse',
    when: 'half as good as over the day, with the compressor alone told as well',
    series: { [ratio]: '4x300 2x60', [compressorAlone]: '4.4x300 2.2x60', [stored]: '1e9x360' },
    at: '330m',
    fires: [{ labels: { device, denominator: 'mem_used' }, shown: '2' }],
  },
  {
    alert: 'ZramCompressionCollapse',
    when: 'half as good, of a device that holds nearly nothing',
    series: { [ratio]: '4x300 2x60', [stored]: '1e6x360' },
    at: '330m',
    fires: [],
  },
  {
    alert: 'RootReadOnly',
    when: 'a writable root, and another mount that is read-only',
    series: {
      [readOnly]: '0x20',
      [of('node_filesystem_readonly', { ...root, device: '/dev/sda1', mountpoint: '/srv' })]: '1x20',
      [of('node_root_info', { kind: 'zram' })]: '1x20',
    },
    at: '10m',
    fires: [],
  },
  {
    alert: 'RootReadOnly',
    when: 'a zram root that turned read-only',
    series: { [readOnly]: '0x5 1x20', [of('node_root_info', { kind: 'zram' })]: '1x30' },
    at: '10m',
    fires: [{ labels: root }],
  },
  {
    alert: 'RootReadOnly',
    when: 'a squashfs image, read-only by its nature',
    series: { [readOnly]: '1x30', [of('node_root_info', { kind: 'squashfs' })]: '1x30' },
    at: '10m',
    fires: [],
  },
  {
    alert: 'RootInodesHigh',
    when: 'a tenth of the inodes is left, and a file system without a fixed number',
    series: {
      [of('node_filesystem_files', root)]: '1000x30',
      [of('node_filesystem_files_free', root)]: '100x30',
      [of('node_filesystem_files', { ...root, fstype: 'btrfs' })]: '0x30',
      [of('node_filesystem_files_free', { ...root, fstype: 'btrfs' })]: '0x30',
    },
    at: '20m',
    fires: [],
  },
  {
    alert: 'RootInodesHigh',
    when: 'the root, and the upper layer of an overlay, run out of inodes',
    series: {
      [of('node_filesystem_files', root)]: '1000x30',
      [of('node_filesystem_files_free', root)]: '50x30',
      [of('node_overlay_upper_files', { mountpoint: '/run/rw', fstype: 'tmpfs' })]: '1000x30',
      [of('node_overlay_upper_files_free', { mountpoint: '/run/rw', fstype: 'tmpfs' })]: '20x30',
    },
    at: '20m',
    fires: [
      { labels: root, shown: '95%' },
      { labels: { mountpoint: '/run/rw', fstype: 'tmpfs' }, shown: '98%' },
    ],
  },
  {
    alert: 'RootOutgrowsMemory',
    when: 'the root would take 1.5 times what is there',
    series: {
      [of('node_zram_growth_ratio', { device })]: '1.5x60',
      [of('node_zram_info', { device, algorithm: 'zstd', kind: 'root', mountpoint: '/' })]: '1x60',
    },
    at: '30m',
    fires: [{ labels: { device }, shown: '1.5' }],
  },
  {
    alert: 'RootOutgrowsMemory',
    when: 'so would a swap device, which the kernel fills only as far as it helps',
    series: {
      [of('node_zram_growth_ratio', { device })]: '1.5x60',
      [of('node_zram_info', { device, algorithm: 'zstd', kind: 'swap' })]: '1x60',
    },
    at: '30m',
    fires: [],
  },
]
