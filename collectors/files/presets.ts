/**
 * Logs in strange places: where storage software writes them, and how their entries begin.
 * Ceph: one line an entry with an ISO time, crash dumps without (src/log/Log.cc). GlusterFS: `[time] LEVEL [MSGID: …]`
 * (libglusterfs/src/logging.c). BeeGFS: `(level) MonDD HH:MM:SS thread [component] >> …`.
 */
import type { LogSet } from './options.ts'

export const presets = {
  ceph: {
    include: ['/var/log/ceph/*.log', '/var/log/ceph/*/*.log'],
    exclude: [],
    start: String.raw`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d`,
  },
  glusterfs: {
    include: [
      '/var/log/glusterfs/*.log',
      '/var/log/glusterfs/bricks/*.log',
      '/var/log/glusterfs/geo-replication/*/*.log',
      '/var/log/glusterfs/snaps/*/*.log',
    ],
    exclude: [],
    start: String.raw`^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`,
  },
  beegfs: {
    include: ['/var/log/beegfs-*.log', '/var/log/beegfs/*.log'],
    exclude: [],
    start: String.raw`^\(\d+\) [A-Z][a-z]{2}\d\d \d\d:\d\d:\d\d`,
  },
} satisfies Readonly<Record<string, LogSet>>
