/** What docs/cli.md says of each command beside what its `--help` says: exit codes and an example of its output. */
export interface Notes {
  readonly exitCodes: readonly (readonly [code: number, when: string])[]
  /** Lines of a terminal, an excerpt; values are of nobody's node. */
  readonly example: string
}

const wrongLine = [2, 'the command line or the configuration is wrong'] as const
const spoolCodes = [
  [0, 'done'],
  [1, 'no spool that can be read is there'],
  [2, 'no such record or sink; the command line or the configuration is wrong'],
] as const

export const notes: Readonly<Record<string, Notes>> = {
  run: {
    exitCodes: [
      [0, 'ended by SIGTERM or SIGINT, after the drain; what no sink took is still in the spool'],
      [1, 'it could not start, or not end cleanly'],
      wrongLine,
      [3, 'another Remora uses the spool'],
      [130, 'a second SIGTERM or SIGINT ended it at once'],
    ],
    example: `$ remora --config /etc/remora.yaml run
{"level":"info","time":"2026-05-04T09:12:44.079Z","cause":"agent","message":"Remora 0.1.0 runs on node17: http://127.0.0.1:9747/"}
{"level":"info","time":"2026-05-04T17:30:08.968Z","cause":"agent","message":"SIGTERM: stops collecting and drains to the sinks; once more ends at once"}
{"level":"info","time":"2026-05-04T17:30:09.061Z","cause":"agent","message":"Remora has ended: everything was delivered"}`,
  },
  check: {
    exitCodes: [[0, 'nothing is wrong in it; warnings do not count'], wrongLine],
    example: `$ remora check remora.yaml
Cannot use remora.yaml:2:3: server.lisen: unknown key; did you mean "listen"? Allowed here: listen`,
  },
  collect: {
    exitCodes: [
      [0, 'read, also where there is nothing to read'],
      [1, 'a collector failed'],
      [2, 'no such collector; the command line or the configuration is wrong'],
    ],
    example: `$ remora collect zram edac
zram
  node_zram_info
    {device="zram0",algorithm="zstd",kind="root",mountpoint="/"}
  node_zram_disksize_bytes{device="zram0"}                               8.0 GiB
  node_zram_orig_data_bytes{device="zram0"}                              2.1 GiB
  ok  zram0:fill below: zram0 (/) is 26.3 % full by disksize: 2254857830 of
    8589934592 bytes

edac: not here: no memory controller is in /sys/devices/system/edac, and no
    machine checks are counted`,
  },
  tail: {
    exitCodes: [
      [0, 'ended by a signal, or nobody reads its output any more'],
      [1, 'no source is left'],
      [2, 'no such source; the command line or the configuration is wrong'],
      [130, 'a second signal ended it at once'],
    ],
    example: `$ remora tail kmsg --since 1h --priority err
2026-05-04 09:07:57.557332 err     kmsg: md/raid1:md0: Disk failure on sdb1, disabling device.`,
  },
  doctor: {
    exitCodes: [
      [0, 'no problem was found; warnings and what is unknown do not count'],
      [1, 'a problem was found, a wrong configuration among them, or something did not answer in time'],
      [2, 'the command line is wrong'],
    ],
    example: `$ remora doctor
ok       configuration: /etc/remora.yaml: nothing is wrong in it
ok       root: ext4 on /dev/zram0 (zram): a reboot forgets it
ok       memory: 19.7 GiB are available
ok       memory: remora.service uses 61.2 MiB of the 400.0 MiB of
         /system.slice/remora.service
warning  time service: chronyd runs, and the clock is not synchronised
         see to its time servers: records carry this clock
PROBLEM  sink logs: Cannot reach https://loki.example:3100/loki/api/v1/push:
         connect ECONNREFUSED 192.0.2.7:3100
         see docs/runbooks/RemoraSinkDown.md

1 problem, 1 warning, 0 unknown, 4 ok`,
  },
  'spool state': {
    exitCodes: spoolCodes,
    example: `$ remora spool
ledger 1064d990-87d8-493b-a417-f5c8b7d34ad2: 25 batches, 122880 bytes
source kmsg: read 940 = filtered 0 + spooled 940; missed 0
sink logs, kmsg: routed 940 = acknowledged 902 + held 37 + quarantined 1 + lost 0`,
  },
  'spool quarantine list': {
    exitCodes: spoolCodes,
    example: `$ remora spool quarantine list
3  2026-05-04T09:13:02.512Z  logs  kmsg 417 5d2c41f0a7b93e18
    400 entry too large`,
  },
  'spool quarantine export': {
    exitCodes: spoolCodes,
    example: `$ remora spool quarantine export 3
{"key":3,"sink":"logs","source":"kmsg","id":"5d2c41f0a7b93e18","number":417,"since":"2026-05-04T09:13:02.512Z","replay":false,"words":"400 entry too large","records":[{"stream":"…","time":"…","observed":"…","fields":[["MESSAGE","…"]]}]}`,
  },
  'spool quarantine replay': {
    exitCodes: spoolCodes,
    example: `$ remora spool quarantine replay --sink logs
1 quarantined record will be sent again by the agent.`,
  },
  'spool quarantine drop': {
    exitCodes: spoolCodes,
    example: `$ remora spool quarantine drop 3 --json
{"drop":1}`,
  },
}
