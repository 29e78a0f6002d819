/** The documented plug-ins beside the agent as it ships, and a page that Prometheus's own tool takes. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually, remora, startAgent, workFolder } from './agent.ts'

const examples = join(import.meta.dirname, '../../docs/examples')
const plugins = [
  { name: 'logins', command: [join(examples, 'logins.sh')], every_seconds: 1 },
  {
    name: 'open_files',
    command: ['/usr/bin/python3', join(examples, 'open_files.py')],
    format: 'json',
    keep_running: true,
    every_seconds: 10,
  },
  {
    name: 'uptime',
    command: [process.execPath, join(examples, 'uptime.ts')],
    format: 'influx',
    every_seconds: 1,
  },
]

test('plugins: the three documented examples stand on the page, with a histogram out of a file; a bad one does not', async (t) => {
  const folder = await workFolder(t)
  const files = join(folder, 'prom')
  await mkdir(files)
  await writeFile(
    join(files, 'jobs.prom'),
    '# HELP site_job_seconds How long jobs took.\n# TYPE site_job_seconds histogram\nsite_job_seconds_bucket{le="1"} 2\nsite_job_seconds_bucket{le="+Inf"} 3\nsite_job_seconds_sum 4.5\nsite_job_seconds_count 3\n',
  )
  await writeFile(join(files, 'torn.prom'), 'site_torn 1\nsite_torn{')
  const off = ['journald', 'kmsg', 'pstore', 'inventory', 'smartctl', 'nvme'].map((name) => [
    name,
    { enabled: false },
  ])
  const agent = await startAgent(t, folder, {
    config: {
      collectors: {
        ...Object.fromEntries(off),
        exec: { options: { plugins } },
        textfile: { options: { folders: [files] } },
      },
    },
  })
  const page = async () => (await fetch(`${agent.url}/metrics`)).text()
  await eventually('every plug-in has spoken', async () => {
    const text = await page()
    return plugins.every(({ name }) => text.includes(`remora_plugin_success{plugin="${name}"} 1`))
  })
  const text = await page()
  assert.match(text, /^# TYPE site_job_seconds histogram$/m)
  assert.match(text, /^site_job_seconds_bucket\{le="\+Inf"\} 3$/m)
  assert.match(text, /^site_files_open \d+$/m)
  assert.match(text, /^site_node_uptime\{host="[^"]+"\} \d/m)
  assert.match(text, /^# HELP site_logins Sessions, by user\.$|^remora_plugin_series\{plugin="logins"\} 0$/m)
  assert.doesNotMatch(text, /site_torn/)
  assert.match(text, /^node_textfile_scrape_error 1$/m)
  const site = text.split('\n').filter((line) => /^(?:# \w+ )?site_/.test(line))
  const checked = spawnSync('promtool', ['check', 'metrics'], {
    input: `${site.join('\n')}\n`,
    encoding: 'utf8',
  })
  // The tool wants a help text for each; line protocol has none.
  assert.deepEqual(
    checked.stderr.split('\n').filter((line) => line !== '' && !line.endsWith('no help text')),
    [],
  )
  const open = await fetch(`${agent.url}/metrics`, { headers: { accept: 'application/openmetrics-text' } })
  assert.match(await open.text(), /^# TYPE site_node_uptime unknown$/m)
})

test('plugins: each example has ten lines, and collect runs it', async (t) => {
  for (const name of ['logins.sh', 'open_files.py', 'uptime.ts'])
    assert.ok((await readFile(join(examples, name), 'utf8')).trimEnd().split('\n').length <= 11, name)
  const cwd = await workFolder(t)
  const config = join(cwd, 'c.yaml')
  await writeFile(config, JSON.stringify({ collectors: { exec: { options: { plugins } } } }))
  const { code, stdout } = await remora(t, ['--config', config, 'collect', 'exec'], { cwd })
  assert.equal(code, 0, stdout)
  assert.match(stdout, /site_files_open/)
})
