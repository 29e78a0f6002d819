import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { collectors } from '../../collectors/all.ts'
import { type ConfigSources, checkReport, loadConfig, soundConfig } from '../../src/config.ts'
import { ConfigError } from '../../src/errors.ts'

const names = collectors.map(({ name }) => name).join(', ')
const known = `Known: metrics, remora, ${names}`
const receiver = 'type: prometheus, url: "http://127.0.0.1:9090/api/v1/write"'
const absent = Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT' })
const url = 'expected an http:// or https:// URL, such as "https://metrics.example:9090/api/v1/write"'
const cron = 'a cron expression of six fields, seconds first, such as "*/15 * * * * *"'
const order = 'expected a cron expression: second minute hour day month weekday'
const text = 'a text that is not empty'

const load = (yaml: string, env: ConfigSources['env'] = {}) =>
  loadConfig({ file: 'r.yaml', env, readFile: async () => yaml })

/** What is wrong with a configuration, without the words that every line begins with. */
async function mistakes(yaml: string, env: ConfigSources['env'] = {}): Promise<string[]> {
  const error = await load(yaml, env).then(
    () => assert.fail(`accepted: ${yaml}`),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ConfigError, String(error))
  return error.message.split('\n').map((line) => {
    assert.ok(line.startsWith('Cannot use '), line)
    return line.slice('Cannot use '.length)
  })
}

/** Each mistake alone: the file, and the one line it gets. */
const wrongFiles: readonly [yaml: string, line: string][] = [
  // No YAML, or more than is allowed of it.
  [
    'spool: [1',
    'r.yaml:1:10: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  ['log:\n\tlevel: info', 'r.yaml:2:1: a tab in the indentation: expected spaces'],
  ['log: {}\npush: {}\nlog: {}', 'r.yaml:3:1: log is there twice'],
  ['log:\n  level: info\n  level: warn', 'r.yaml:3:3: level is there twice'],
  ['log: *nowhere', 'r.yaml:1:6: *nowhere has no anchor before it'],
  ['log: !secret x', 'r.yaml:1:6: Unresolved tag'],
  ['log: {}\n---\nlog: {}', 'r.yaml:2:1: a second document: expected one'],
  ['node: {name: "x" hunter2}', 'r.yaml:1:18: not expected here'],
  ['? [log]\n: {}', 'r.yaml:1:3: a key that is no text'],
  // The whole of it.
  [
    'hello',
    'r.yaml:1:1: expected a section with node, paths, server, log, spool, state, push, heartbeat, shutdown, collect, collectors and sinks',
  ],
  // Unknown keys.
  [
    'spol: {}',
    'r.yaml:1:1: spol: unknown key; did you mean "spool"? Allowed here: node, paths, server, log, spool, state, push, heartbeat, shutdown, collect, collectors, sinks',
  ],
  [
    'spool:\n  path: /x\n  max_byte: 5',
    'r.yaml:3:3: spool.max_byte: unknown key; did you mean "max_bytes"? Allowed here: path, max_bytes, reserve_ratio, pause_order',
  ],
  ['log: {color: red}', 'r.yaml:1:7: log.color: unknown key. Allowed here: level'],
  [
    'collectors: {hots: {}}',
    `r.yaml:1:14: collectors.hots: unknown key; did you mean "host"? Allowed here: ${names}`,
  ],
  [
    'collectors: {host: {schedule: "0 * * * * *"}}',
    'r.yaml:1:21: collectors.host.schedule: unknown key. Allowed here: enabled, deadline_seconds',
  ],
  [
    `sinks:\n  main: {${receiver}, path: /x}`,
    'r.yaml:2:71: sinks.main.path: unknown key. Allowed here: type, url, urls, bearer_token_file, basic_auth, headers, tls, required, sources, keep, settle_seconds, retry, quarantine_bytes, off_node, labels',
  ],
  [
    `sinks:\n  main: {${receiver}, retry: {frst_seconds: 1}}`,
    'r.yaml:2:79: sinks.main.retry.frst_seconds: unknown key; did you mean "first_seconds"? Allowed here: first_seconds, most_seconds, timeout_seconds',
  ],
  // Types.
  ['log:', 'r.yaml:1:5: log (empty): expected a section with level'],
  ['log: info', 'r.yaml:1:6: log "info": expected a section with level'],
  ['push: {enabled: "yes"}', 'r.yaml:1:17: push.enabled "yes": expected true or false'],
  ['node: {name: 17}', `r.yaml:1:14: node.name "17": expected ${text}`],
  ['node: {name: ""}', `r.yaml:1:14: node.name "": expected ${text}`],
  [
    'spool: {max_bytes: 64M}',
    'r.yaml:1:20: spool.max_bytes "64M": expected a whole number of at least 1048576',
  ],
  [
    'collect: {max_series: 1.5}',
    'r.yaml:1:23: collect.max_series "1.5": expected a whole number of at least 1',
  ],
  [
    'node: {identity: mac}',
    'r.yaml:1:18: node.identity "mac": expected a list of one or more, each hostname, product_uuid, product_serial or mac',
  ],
  [
    'sinks: []',
    'r.yaml:1:8: sinks: expected a section that maps a name of at most 63 lower-case letters, digits, "_" and "-" to a section of type prometheus, loki, journal-remote or file',
  ],
  [
    'sinks: {main: file}',
    'r.yaml:1:15: sinks.main "file": expected a section of type prometheus, loki, journal-remote or file',
  ],
  // Bounds, words and patterns.
  [
    'spool: {max_bytes: 1000}',
    'r.yaml:1:20: spool.max_bytes "1000": expected a whole number of at least 1048576',
  ],
  [
    'spool: {reserve_ratio: 1}',
    'r.yaml:1:24: spool.reserve_ratio "1": expected a number above 0 and below 1',
  ],
  [
    'shutdown: {drain_seconds: 5000}',
    'r.yaml:1:27: shutdown.drain_seconds "5000": expected a number of at least 0 and at most 3600',
  ],
  [
    'collectors: {host: {deadline_seconds: 0}}',
    'r.yaml:1:39: collectors.host.deadline_seconds "0": expected a number above 0 and at most 2592000',
  ],
  ['log: {level: loud}', 'r.yaml:1:14: log.level "loud": expected debug, info, warn or error'],
  [
    'node: {identity: [mac, ip]}',
    'r.yaml:1:24: node.identity[1] "ip": expected hostname, product_uuid, product_serial or mac',
  ],
  [
    'node: {identity: []}',
    'r.yaml:1:18: node.identity: expected a list of one or more, each hostname, product_uuid, product_serial or mac',
  ],
  [
    'server: {listen: 9747}',
    'r.yaml:1:18: server.listen "9747": expected host:port, such as "127.0.0.1:9747" or "[::1]:9747"',
  ],
  [
    'server: {listen: "127.0.0.1:70000"}',
    'r.yaml:1:18: server.listen "127.0.0.1:70000": expected a port from 0 to 65535',
  ],
  ['push: {schedule: "*/15 * * * *"}', `r.yaml:1:18: push.schedule "*/15 * * * *": expected ${cron}`],
  ['push: {schedule: "61 * * * * *"}', `r.yaml:1:18: push.schedule "61 * * * * *": ${order}`],
  [
    'collectors:\n  inventory:\n    schedule: 0 0 25 * * *',
    `r.yaml:3:15: collectors.inventory.schedule "0 0 25 * * *": ${order}`,
  ],
  // Sinks.
  [
    'sinks: {Main: {type: file, path: /x}}',
    'r.yaml:1:9: sinks.Main: expected a name of at most 63 lower-case letters, digits, "_" and "-"',
  ],
  [
    'sinks:\n  main: {}',
    'r.yaml:2:3: sinks.main.type is missing: expected prometheus, loki, journal-remote or file',
  ],
  [
    `sinks:\n  main: {type: loki, url: "http://127.0.0.1:3100/loki/api/v1/push", labels: {${'abcdefghijk'.replace(/./g, '$&: x, ')}}}`,
    'r.yaml:2:77: sinks.main.labels: expected at most 10 beside job, host, source, unit, level',
  ],
  [
    'sinks:\n  main:\n    type: kafka',
    'r.yaml:3:11: sinks.main.type "kafka": expected prometheus, loki, journal-remote or file',
  ],
  ['sinks:\n  main: {type: file}', `r.yaml:2:3: sinks.main.path is missing: expected ${text}`],
  [
    'sinks:\n  main: {type: prometheus}',
    'r.yaml:2:3: sinks.main.url is missing: expected url, or urls for several',
  ],
  ['sinks:\n  main: {type: prometheus, url: "htp://x"}', `r.yaml:2:33: sinks.main.url "htp://x": ${url}`],
  [
    'sinks:\n  main: {type: prometheus, urls: ["http://a/", b]}',
    `r.yaml:2:48: sinks.main.urls[1] "b": ${url}`,
  ],
  [
    `sinks:\n  main: {${receiver}, urls: ["http://b/"]}`,
    'r.yaml:2:77: sinks.main.urls: not together with url',
  ],
  [
    `sinks:\n  main: {${receiver}, bearer_token_file: /t, basic_auth: {username: u, password_file: /p}}`,
    'r.yaml:2:106: sinks.main.basic_auth: not together with bearer_token_file',
  ],
  [
    `sinks:\n  main: {${receiver}, basic_auth: {username: u}}`,
    `r.yaml:2:71: sinks.main.basic_auth.password_file is missing: expected ${text}`,
  ],
  [
    `sinks:\n  main: {${receiver}, tls: {cert_file: /c}}`,
    'r.yaml:2:71: sinks.main.tls.key_file is missing: expected with cert_file',
  ],
  [
    `sinks:\n  main: {${receiver}, tls: {key_file: /k}}`,
    'r.yaml:2:71: sinks.main.tls.cert_file is missing: expected with key_file',
  ],
  [
    `sinks:\n  main: {${receiver}, headers: {"a b": c}}`,
    'r.yaml:2:81: sinks.main.headers.a b: expected the name of a request header',
  ],
  [
    `sinks:\n  main: {${receiver}, labels: {rack-no: "7"}}`,
    'r.yaml:2:80: sinks.main.labels.rack-no: expected a label name of letters, digits and "_"',
  ],
  [
    `sinks:\n  main: {${receiver}, labels: {rack: 7}}`,
    `r.yaml:2:86: sinks.main.labels.rack "7": expected ${text}`,
  ],
  [
    `sinks:\n  main: {${receiver}, sources: [hots]}`,
    `r.yaml:2:81: sinks.main.sources[0] "hots": unknown source; did you mean "host"? ${known}`,
  ],
  [
    `sinks:\n  main: {${receiver}, retry: {first_seconds: 90}}`,
    'r.yaml:2:94: sinks.main.retry.first_seconds "90": expected at most most_seconds, which is 60',
  ],
  [
    'sinks:\n  a: {type: file, path: /x}\n  b: {type: file, path: /x/../x/}',
    'r.yaml:3:25: sinks.b.path "/x/../x/": already the folder of sinks.a',
  ],
  [
    'spool: {path: /s}\nsinks:\n  a: {type: file, path: /s/out}',
    'r.yaml:3:25: sinks.a.path "/s/out": expected a folder outside the spool\'s, which is spool.path "/s"',
  ],
  [
    'sinks:\n  a: {type: file, path: /x, max_bytes: 1048576}',
    'r.yaml:2:40: sinks.a.segment_bytes "8388608": expected at most max_bytes, which is 1048576',
  ],
]

/** Each wrong variable alone, over an empty file. */
const wrongVariables: readonly [variable: string, value: string, line: string][] = [
  ['REMORA_SPOL_PATH', 'x', 'REMORA_SPOL_PATH: unknown variable; the nearest is REMORA_SPOOL_PATH'],
  ['REMORA_SERVER', 'x', 'REMORA_SERVER: server "x": expected a section with listen'],
  [
    'REMORA_SERVER_LISTEN',
    'x',
    'REMORA_SERVER_LISTEN: server.listen "x": expected host:port, such as "127.0.0.1:9747" or "[::1]:9747"',
  ],
  [
    'REMORA_SPOOL_MAX_BYTES',
    '64M',
    'REMORA_SPOOL_MAX_BYTES: spool.max_bytes "64M": expected a whole number of at least 1048576',
  ],
  ['REMORA_PUSH_ENABLED', 'yes', 'REMORA_PUSH_ENABLED: push.enabled "yes": expected true or false'],
  [
    'REMORA_NODE_IDENTITY',
    '[mac',
    'REMORA_NODE_IDENTITY: cannot be read as YAML: expected a list of one or more, each hostname, product_uuid, product_serial or mac',
  ],
  [
    'REMORA_NODE_IDENTITY',
    '[ip]',
    'REMORA_NODE_IDENTITY: node.identity[0] "ip": expected hostname, product_uuid, product_serial or mac',
  ],
  ['REMORA_PUSH_SCHEDULE', '61 * * * * *', `REMORA_PUSH_SCHEDULE: push.schedule "61 * * * * *": ${order}`],
  [
    'REMORA_COLLECTORS_HOST_ENABLE',
    'x',
    'REMORA_COLLECTORS_HOST_ENABLE: unknown variable; the nearest is REMORA_COLLECTORS_HOST_ENABLED',
  ],
  [
    'REMORA_SINKS_MAIN_URL',
    'http://a/',
    'REMORA_SINKS_MAIN_URL: sinks.main.type is missing: expected prometheus, loki, journal-remote or file',
  ],
  [
    'REMORA_SINKS_MAIN_TYPE',
    'kafka',
    'REMORA_SINKS_MAIN_TYPE: sinks.main.type "kafka": expected prometheus, loki, journal-remote or file',
  ],
  [
    'REMORA_SINKS_MAIN_URLL',
    'http://a/',
    'REMORA_SINKS_MAIN_URLL: unknown variable; the nearest is REMORA_SINKS_MAIN_URL',
  ],
  [
    'REMORA_SINKS_LOCAL_MAX_BYTES',
    '1048576',
    'REMORA_SINKS_LOCAL_MAX_BYTES: sinks.local.segment_bytes "8388608": expected at most max_bytes, which is 1048576',
  ],
  [
    'REMORA_SINKS_LOCAL_PATH',
    './remora-data/spool/out',
    'REMORA_SINKS_LOCAL_PATH: sinks.local.path "./remora-data/spool/out": expected a folder outside the spool\'s, which is spool.path "./remora-data/spool"',
  ],
]

suite('config names each mistake in its place', () => {
  for (const [yaml, line] of wrongFiles)
    test(JSON.stringify(yaml), async () => assert.deepEqual(await mistakes(yaml), [line]))
  for (const [variable, value, line] of wrongVariables)
    test(`${variable}=${value}`, async () =>
      assert.deepEqual(await mistakes('', { [variable]: value }), [line]))
  test('there are at least 40 of them, all different', () => {
    const lines = [...wrongFiles.map(([, line]) => line), ...wrongVariables.map(([, , line]) => line)]
    assert.equal(new Set(lines).size, lines.length)
    assert.equal(lines.length, 60 + 14)
  })
})

test('config names all mistakes at once: the file from top to bottom, then the environment', async () => {
  const yaml = `spool: {max_byte: 1, max_bytes: x, path: /s}
push: {schedule: "61 * * * * *"}
sinks:
  main: {type: prometheus, url: "ftp://a/", tls: {cert_file: /c}}
  other: {type: file}
  third: {type: file, path: /s/out, sources: [nothing_like_it]}
`
  assert.deepEqual(await mistakes(yaml, { REMORA_LOG_LEVEL: 'loud', REMORA_SPOL_PATH: '/x' }), [
    'r.yaml:1:9: spool.max_byte: unknown key; did you mean "max_bytes"? Allowed here: path, max_bytes, reserve_ratio, pause_order',
    'r.yaml:1:33: spool.max_bytes "x": expected a whole number of at least 1048576',
    `r.yaml:2:18: push.schedule "61 * * * * *": ${order}`,
    `r.yaml:4:33: sinks.main.url "ftp://a/": ${url}`,
    'r.yaml:4:45: sinks.main.tls.key_file is missing: expected with cert_file',
    `r.yaml:5:3: sinks.other.path is missing: expected ${text}`,
    'r.yaml:6:29: sinks.third.path "/s/out": expected a folder outside the spool\'s, which is spool.path "/s"',
    `r.yaml:6:47: sinks.third.sources[0] "nothing_like_it": unknown source. ${known}`,
    'REMORA_LOG_LEVEL: log.level "loud": expected debug, info, warn or error',
    'REMORA_SPOL_PATH: unknown variable; the nearest is REMORA_SPOOL_PATH',
  ])
})

test('config locates a mistake behind an alias where the alias stands', async () => {
  assert.deepEqual(await mistakes('sinks:\n  a: &a {type: file, path: /x, keep: none}\n  b: *a'), [
    'r.yaml:2:38: sinks.a.keep "none": expected room or all',
    'r.yaml:2:38: sinks.b.keep "none": expected room or all',
  ])
})

test('config tells a hundred mistakes of a file that is wrong everywhere', async () => {
  const keys = Array.from({ length: 500 }, (_, index) => `key${index}: 1`)
  const sinks = Array.from({ length: 500 }, (_, index) => `  s${index}: {type: file, path: /s${index}, x: 1}`)
  const links = Array.from({ length: 500 }, (_, index) => `key${index}: *x${index}`)
  for (const lines of [keys, ['sinks:', ...sinks], links]) {
    const told = await mistakes(lines.join('\n'))
    assert.equal(told.length, 101)
    assert.equal(told.at(-1), 'r.yaml: no more than 100 mistakes are told')
  }
})

test('config refuses more aliases than anybody writes', async () => {
  const many = `log: &a {}\nnode: [${'*a, '.repeat(101)}]`
  assert.deepEqual(await mistakes(many), ['r.yaml:2:408: more than 100 aliases'])
})

test('config refuses aliases that multiply', async () => {
  const letters = [...'abcdefgh']
  const rows = letters.map((letter, index) => {
    const items =
      index === 0
        ? 'x,x,x,x,x,x,x,x,x'
        : Array(9)
            .fill(`*${letters[index - 1]}`)
            .join()
    return `${letter}: &${letter} [${items}]`
  })
  assert.deepEqual(await mistakes(rows.join('\n')), ['r.yaml:1:1: aliases multiply beyond 100'])
})

test('config never shows a secret in an error', async () => {
  const cases: [string, ConfigSources['env']][] = [
    [`sinks: {m: {${receiver}, bearer_token: hunter2}}`, {}],
    [`sinks: {m: {${receiver}, bearer_token_file: [hunter2]}}`, {}],
    [`sinks: {m: {${receiver}, basic_auth: "u:hunter2"}}`, {}],
    [`sinks: {m: {${receiver}, basic_auth: {username: u, password_file: /p, password: hunter2}}}`, {}],
    [`sinks: {m: {${receiver}, headers: {X-Key: [hunter2]}}}`, {}],
    [`sinks: {m: {${receiver}, headers: hunter2}}`, {}],
    ['sinks: {m: {type: prometheus, url: "http://u:hunter2@a/"}}', {}],
    ['sinks: {m: {type: prometheus, url: "htp://u:hunter2@a/"}}', {}],
    ['sinks: {m: {type: prometheus, url: "htp://a/?key=hunter2"}}', {}],
    ['sinks: {m: "http://u:hunter2@a/"}', {}],
    ['node: {name: "x" hunter2}', {}],
    ['hunter2', {}],
    ['log: {}\n}hunter2', {}],
    ['', { REMORA_SINKS_M_BEARER_TOKEN: 'hunter2' }],
    ['', { REMORA_SINKS_M_HEADERS: 'hunter2' }],
    ['', { REMORA_SINKS_M_HEADERS: '{X: hunter2' }],
  ]
  let lines = 0
  for (const [yaml, env] of cases)
    for (const line of await mistakes(yaml, env)) {
      assert.doesNotMatch(line, /hunter2/)
      lines++
    }
  assert.ok(lines >= cases.length)
})

suite('config sources', () => {
  const reading = (files: Record<string, string>) => async (path: string) => {
    const found = files[path]
    if (found === undefined) throw absent
    return found
  }
  const named = {
    'a.yaml': 'node: {name: a}',
    'b.yaml': 'node: {name: b}',
    '/etc/remora.yaml': 'node: {name: c}',
  }

  test('are --config, REMORA_CONFIG, /etc/remora.yaml, defaults: the first found wins', async () => {
    const readFile = reading(named)
    const found = []
    for (const from of [
      { file: 'a.yaml', env: { REMORA_CONFIG: 'b.yaml' } },
      { env: { REMORA_CONFIG: 'b.yaml' } },
      { env: {} },
      { env: { REMORA_CONFIG: '' } },
    ])
      found.push(await loadConfig({ ...from, readFile }))
    found.push(await loadConfig({ env: {}, readFile: reading({}) }))
    assert.deepEqual(
      found.map(({ origin, config }) => [origin, config.node.name]),
      [
        ['a.yaml', 'a'],
        ['b.yaml', 'b'],
        ['/etc/remora.yaml', 'c'],
        ['/etc/remora.yaml', 'c'],
        ['defaults', undefined],
      ],
    )
  })

  test('that are named and missing are an error', async () => {
    for (const from of [{ file: 'no.yaml', env: {} }, { env: { REMORA_CONFIG: 'no.yaml' } }])
      await assert.rejects(loadConfig({ ...from, readFile: reading(named) }), {
        name: 'ConfigError',
        message: 'Cannot use configuration "no.yaml": no such file',
      })
  })

  test('are read from the disk', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'remora-config-'))
    try {
      const file = join(folder, 'remora.yaml')
      await writeFile(file, '# all defaults\n')
      const { config, origin } = await loadConfig({ file, env: {} })
      assert.equal(origin, file)
      assert.equal(config.server.listen, '127.0.0.1:9747')
      await assert.rejects(loadConfig({ file: folder, env: {} }), {
        name: 'ConfigError',
        message: `Cannot use configuration "${folder}": it is a folder`,
      })
      await writeFile(file, Buffer.of(0x61, 0x3a, 0x20, 0xe4, 0x0a))
      await assert.rejects(loadConfig({ file, env: {} }), {
        name: 'ConfigError',
        message: `Cannot use configuration "${file}": it is not UTF-8 text`,
      })
      await assert.rejects(loadConfig({ file: '/dev/zero', env: {} }), {
        name: 'ConfigError',
        message: 'Cannot use configuration "/dev/zero": more than 1048576 bytes',
      })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

suite('config overrides', () => {
  test('set keys of every type, over the file', async () => {
    const { config, origin } = await load('node: {name: file}\nspool: {max_bytes: 2000000, path: /s}', {
      REMORA_CAPTURES: '/ignored',
      REMORA_NODE_NAME: '0017',
      REMORA_NODE_IDENTITY: '[mac, hostname]',
      REMORA_SPOOL_MAX_BYTES: '3000000',
      REMORA_SPOOL_RESERVE_RATIO: '0.25',
      REMORA_PUSH_ENABLED: 'false',
      REMORA_PUSH_SCHEDULE: '*/5 * * * * *',
      REMORA_COLLECTORS_HOST_ENABLED: 'false',
      REMORA_SERVER: '{listen: "127.0.0.1:1"}',
      REMORA_SERVER_LISTEN: '127.0.0.1:2',
      UNRELATED: 'x',
    })
    assert.equal(config.node.name, '0017')
    assert.deepEqual(config.node.identity, ['mac', 'hostname'])
    assert.equal(config.spool.max_bytes, 3_000_000)
    assert.equal(config.spool.path, '/s')
    assert.equal(config.spool.reserve_ratio, 0.25)
    assert.deepEqual(config.push, { enabled: false, schedule: '*/5 * * * * *' })
    assert.deepEqual(config.collectors.host, { enabled: false, deadline_seconds: 10 })
    assert.equal(config.server.listen, '127.0.0.1:2', 'the more exact variable wins')
    assert.equal(
      origin,
      'r.yaml, REMORA_SERVER, REMORA_NODE_IDENTITY, REMORA_NODE_NAME, REMORA_PUSH_ENABLED, REMORA_PUSH_SCHEDULE, ' +
        'REMORA_SERVER_LISTEN, REMORA_SPOOL_MAX_BYTES, REMORA_SPOOL_RESERVE_RATIO, REMORA_COLLECTORS_HOST_ENABLED',
    )
  })

  test('reach a sink of the file, also one with a dash in its name', async () => {
    const { config } = await load(`sinks: {far-away: {${receiver}}, far: {type: file, path: /f}}`, {
      REMORA_SINKS_FAR_AWAY_LABELS: '{site: 12, room: b}',
      REMORA_SINKS_FAR_AWAY_RETRY_MOST_SECONDS: '90',
      REMORA_SINKS_FAR_AWAY_SOURCES: '[metrics]',
      REMORA_SINKS_FAR_PATH: '/g',
    })
    const { 'far-away': away, far } = config.sinks
    assert.deepEqual(Object.keys(config.sinks), ['far-away', 'far'])
    assert.ok(away?.type === 'prometheus' && far?.type === 'file')
    assert.deepEqual(away.labels, { site: '12', room: 'b' })
    assert.equal(away.retry.most_seconds, 90)
    assert.deepEqual(away.sources, ['metrics'])
    assert.equal(far.path, '/g')
  })

  test('make a sink that is not there', async () => {
    const { config } = await load('', {
      REMORA_SINKS_NEW_ONE_TYPE: 'prometheus',
      REMORA_SINKS_NEW_ONE_URL: 'http://127.0.0.1/',
    })
    assert.deepEqual(Object.keys(config.sinks), ['new_one'])
  })

  test('change the default sink, which keeps the rest of its defaults', async () => {
    const { config } = await load('', { REMORA_SINKS_LOCAL_PATH: '/out' })
    const { local } = config.sinks
    assert.deepEqual(Object.keys(config.sinks), ['local'])
    assert.ok(local?.type === 'file')
    assert.equal(local.path, '/out')
    assert.equal(local.max_bytes, 256 << 20)
  })

  test('leave the loaded file data of another load untouched', async () => {
    await load('', { REMORA_SINKS_LOCAL_PATH: '/out' })
    const { local } = (await load('')).config.sinks
    assert.ok(local?.type === 'file')
    assert.equal(local.path, './remora-data/out')
  })
})

test('config warns of what is allowed and unwise', async () => {
  const warnings = async (yaml: string, env: ConfigSources['env'] = {}) => (await load(yaml, env)).warnings
  const alone = 'sinks: no required one is off this node: what is only here is lost with it'
  assert.deepEqual(await warnings(''), [alone])
  assert.deepEqual(await warnings(`sinks: {m: {${receiver}}}`), [])
  assert.deepEqual(await warnings('sinks: {}'), ['r.yaml:1:8: sinks: none: nothing leaves this node'])
  assert.deepEqual(await warnings(`sinks: {m: {${receiver}, required: false}}`), [
    'r.yaml:1:8: sinks: none is required: records are given up before any sink has them',
  ])
  const remote = (where: string, listen: string) =>
    `${where}: server.listen "${listen}": reachable from other machines, without authentication`
  for (const listen of ['0.0.0.0:9747', '[::]:9747', 'node7:9747', '10.0.0.1:9747'])
    assert.deepEqual(await warnings(`server: {listen: "${listen}"}\nsinks: {m: {${receiver}}}`), [
      remote('r.yaml:1:18', listen),
    ])
  for (const listen of ['localhost:0', '[::1]:9747', '127.1.2.3:1'])
    assert.deepEqual(await warnings(`server: {listen: "${listen}"}\nsinks: {m: {${receiver}}}`), [])
  assert.deepEqual(await warnings('', { REMORA_SERVER_LISTEN: '0.0.0.0:1' }), [
    remote('REMORA_SERVER_LISTEN', '0.0.0.0:1'),
    alone,
  ])
})

test('config lets a sink take a source of the caller', async () => {
  const yaml = `sinks: {m: {${receiver}, sources: [numbers, metrics]}}`
  const from = { file: 'r.yaml', env: {}, readFile: async () => yaml }
  assert.deepEqual((await loadConfig({ ...from, sources: ['numbers'] })).config.sinks.m?.sources, [
    'numbers',
    'metrics',
  ])
  await assert.rejects(loadConfig(from), /unknown source/)
})

test('check report shows the effective configuration without secrets, and loads again', async () => {
  const yaml = `node: {name: n1}
sinks:
  m:
    type: prometheus
    url: http://127.0.0.1/write?key=hunter2
    headers: {X-Key: hunter2}
    bearer_token_file: /secret/token
`
  const { config, origin, warnings } = await load(yaml, { REMORA_SERVER_LISTEN: '0.0.0.0:1' })
  const report = checkReport(config, origin, warnings)
  assert.doesNotMatch(report, /hunter2/)
  assert.deepEqual(report.split('\n').slice(0, 4), [
    '# from r.yaml, REMORA_SERVER_LISTEN',
    '# warning: REMORA_SERVER_LISTEN: server.listen "0.0.0.0:1": reachable from other machines, without authentication',
    'node:',
    '  name: n1',
  ])
  const again = await load(report)
  assert.equal(again.config.server.listen, '0.0.0.0:1')
  assert.deepEqual(again.config.spool, config.spool)
  assert.deepEqual(Object.keys(again.config.collectors), Object.keys(config.collectors))
})

test('sound config is what is right in a wrong one, environment included, and defaults', async () => {
  const sound = (text: string) =>
    soundConfig({ readFile: async () => text, env: { REMORA_PATHS_SYS: '/host/sys', REMORA_NOSUCH: '1' } })
  const { server, spool, paths } = await sound(
    'server:\n  lisen: 1\nspool:\n  max_bytes: 2000000\n  reserve_ratio: 7\n',
  )
  assert.deepEqual(
    [server.listen, spool.max_bytes, spool.reserve_ratio, paths.sys],
    ['127.0.0.1:9747', 2_000_000, 0.1, '/host/sys'],
  )
  for (const text of ['server: [', 'just words', '- 1', '\0']) {
    const config = await sound(text)
    assert.deepEqual([config.server.listen, Object.keys(config.sinks)], ['127.0.0.1:9747', ['local']])
  }
  const gone = await soundConfig({ file: '/nowhere/remora.yaml', env: {} })
  assert.equal(gone.paths.sys, '/sys')
})
