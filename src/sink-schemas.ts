/** The schemas of the sinks: what the configuration of each protocol may say. */
import * as z from 'zod'

/** A span of time up to a month. */
export const seconds = z
  .number()
  .positive()
  .max(86_400 * 30)
const secretFile = z
  .string()
  .min(1)
  .describe('A file whose whole content, less a final newline, is the secret.')
const common = {
  required: z
    .boolean()
    .default(true)
    .describe('Records stay in the spool until every required sink is done with them.'),
  sources: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('The sources this sink takes, whole; default all. "metrics" are the samples.'),
  keep: z
    .enum(['room', 'all'])
    .default('room')
    .describe('`all` forbids giving up events this sink still awaits when the spool is full.'),
  settle_seconds: z
    .number()
    .min(0)
    .max(3600)
    .default(0)
    .describe(
      'How long after an accepted batch its records are kept, for receivers that answer before their disk has it (systemd-journal-remote does; its kernel writes back within 30 s or so).',
    ),
  retry: z
    .strictObject({
      first_seconds: seconds.default(1).describe('The first pause; each further one is twice as long.'),
      most_seconds: seconds.default(60).describe('The longest pause.'),
      timeout_seconds: seconds.default(30).describe('How long one request may take.'),
    })
    .prefault({})
    .describe('Jittered exponential backoff.'),
  quarantine_bytes: z
    .int()
    .min(4096)
    .default(4 << 20)
    .describe(
      'Room for refused records; when it is full a required sink stops, an optional one counts them lost.',
    ),
}

const address = z
  .url({ protocol: /^https?$/ })
  .meta({ expected: 'an http:// or https:// URL, such as "https://metrics.example:9090/api/v1/write"' })

const http = {
  url: address.optional().describe('One receiver.'),
  urls: z
    .array(address)
    .min(1)
    .optional()
    .describe('Several receivers of the same data, tried in this order (failover). Either url or urls.'),
  bearer_token_file: secretFile.optional(),
  basic_auth: z
    .strictObject({ username: z.string().min(1).describe('The user.'), password_file: secretFile })
    .optional()
    .describe('HTTP basic authentication. Not together with bearer_token_file.'),
  headers: z
    .record(
      z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/)
        .meta({ expected: 'the name of a request header' }),
      z.string(),
    )
    .default({})
    .describe('Further request headers. Their values are never shown.'),
  tls: z
    .strictObject({
      ca_file: z.string().min(1).optional().describe('Authorities to trust, PEM; default those of Node.'),
      cert_file: z.string().min(1).optional().describe('Our certificate, PEM.'),
      key_file: z.string().min(1).optional().describe('Its private key, PEM.'),
      server_name: z
        .string()
        .min(1)
        .optional()
        .describe('The name its certificate must bear; default the host of the URL.'),
    })
    .optional()
    .describe('Certificates for https: the authority to trust, and our own (both files or neither).'),
}

export const prometheusSink = z.strictObject({
  type: z.literal('prometheus').describe('Prometheus remote write 1.0.'),
  ...http,
  ...common,
  off_node: z.boolean().default(true).describe('Whether the receiver is another machine.'),
  labels: z
    .record(
      z
        .string()
        .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/)
        .meta({ expected: 'a label name of letters, digits and "_"' }),
      z.string().min(1),
    )
    .default({})
    .describe('Labels added to every series; `job` defaults to "remora" and `instance` to the node.'),
})

export const fileSink = z.strictObject({
  type: z
    .literal('file')
    .describe('Rotated, zstd-compressed NDJSON files, for a mounted network file system.'),
  ...common,
  off_node: z
    .boolean()
    .default(false)
    .describe('True only if the folder is on another machine (NFS, Lustre, BeeGFS).'),
  path: z.string().min(1).describe('The folder; it is made when missing.'),
  max_bytes: z
    .int()
    .min(1 << 20)
    .default(256 << 20)
    .describe(
      "Bound of this node's files in it; beyond it (or 5 % of the file system, if less) the oldest is deleted and counted.",
    ),
  segment_bytes: z
    .int()
    .min(4096)
    .default(8 << 20)
    .describe('A file is closed at this size.'),
  segment_seconds: seconds.default(3600).describe('A file is closed at this age.'),
})

export const lokiSink = z.strictObject({
  type: z.literal('loki').describe('Loki push API: POST of a snappy block of protobuf to /loki/api/v1/push.'),
  ...http,
  ...common,
  off_node: z.boolean().default(true).describe('Whether the receiver is another machine.'),
  tenant: z
    .string()
    .regex(/^[A-Za-z0-9!_.*'()-]{1,150}$/)
    .meta({ expected: "a tenant of at most 150 letters, digits and !-_.*'()" })
    .optional()
    .describe('Sent as X-Scope-OrgID.'),
  labels: z
    .record(
      z
        .string()
        .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/)
        .meta({ expected: 'a label name of letters, digits and "_"' }),
      z.string().min(1).max(256),
    )
    .default({})
    .describe(
      'Constant labels of every stream, beside `host`, `source`, `unit`, `level` and `job` ("remora"), which they may replace; at most 15 in all.',
    ),
  line: z
    .enum(['body', 'json'])
    .default('body')
    .describe('What the log line is: the body alone, or every field of the record as one JSON object.'),
  max_line_bytes: z
    .int()
    .min(1024)
    .max(64 << 20)
    .default(256 << 10)
    .describe("Longer lines are cut and say how long they were. Loki's own limit is `max_line_size`."),
})

export const journalRemoteSink = z.strictObject({
  type: z
    .literal('journal-remote')
    .describe('systemd-journal-remote: POST of the Journal Export Format to /upload, without loss.'),
  ...http,
  ...common,
  off_node: z.boolean().default(true).describe('Whether the receiver is another machine.'),
})

export const sink = z.discriminatedUnion('type', [prometheusSink, lokiSink, journalRemoteSink, fileSink])

export type SinkConfig = z.output<typeof sink>
export type PrometheusSinkConfig = z.output<typeof prometheusSink>
export type LokiSinkConfig = z.output<typeof lokiSink>
export type JournalRemoteSinkConfig = z.output<typeof journalRemoteSink>
export type FileSinkConfig = z.output<typeof fileSink>
