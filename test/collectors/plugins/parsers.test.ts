import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Format, Frames, formats, parseFrame } from '../../../collectors/plugins/format.ts'
import { checked, type Family } from '../../../collectors/plugins/frame.ts'
import { ParseError } from '../../../src/errors.ts'

const parse = (text: string, format: Format = 'prometheus') => parseFrame(Buffer.from(text), format)
const series = (families: readonly Family[]) =>
  families.flatMap(({ type, series }) => series.map(({ name, labels, value }) => [type, name, labels, value]))

const text = `# a comment
# HELP a_total What happens,\\nand \\\\ how often.
# TYPE a_total counter
a_total{path="C:\\\\d \\"x\\"\\n",b="{},=" , } 1.5e3
a_total 2

# TYPE h histogram
h_bucket{le="0.5"} 1
h_bucket{le="+Inf"} 2
h_sum 0.75
h_count 2
# TYPE s summary
s{quantile="0.9"} NaN
s_sum 3
s_count 1
plain -Inf
h_other 4
`

test('Prometheus text is read with its types, helps, escapes and special numbers', () => {
  assert.deepEqual(series(parse(text)), [
    ['counter', 'a_total', { path: 'C:\\d "x"\n', b: '{},=' }, 1500],
    ['counter', 'a_total', {}, 2],
    ['histogram', 'h_bucket', { le: '0.5' }, 1],
    ['histogram', 'h_bucket', { le: '+Inf' }, 2],
    ['histogram', 'h_sum', {}, 0.75],
    ['histogram', 'h_count', {}, 2],
    ['summary', 's', { quantile: '0.9' }, Number.NaN],
    ['summary', 's_sum', {}, 3],
    ['summary', 's_count', {}, 1],
    ['untyped', 'plain', {}, Number.NEGATIVE_INFINITY],
    ['untyped', 'h_other', {}, 4],
  ])
  assert.equal(parse(text)[0]?.help, 'What happens,\nand \\ how often.')
})

test('JSON gives metrics with their types, truth values as 1 and 0', () => {
  const list = [
    { name: 'a', value: 1.5, labels: { x: 'y', n: 3 }, type: 'gauge', help: 'h' },
    { name: 'b', value: true },
  ]
  for (const document of [list, { metrics: list }])
    assert.deepEqual(series(parse(JSON.stringify(document), 'json')), [
      ['gauge', 'a', { x: 'y', n: '3' }, 1.5],
      ['untyped', 'b', {}, 1],
    ])
})

test('line protocol gives a metric for each field, tags as labels, and no texts', () => {
  const lines = `cpu,host=a\\ b,core=0 usage=0.5,idle=12i,on=t,note="a, b=c \\" d" 1556813561098000000
"quoted" value=3u
disk\\,1 read\\=s=4
# a comment
mem text="two
lines",used=5`
  assert.deepEqual(series(parse(lines, 'influx')), [
    ['untyped', 'cpu_usage', { host: 'a b', core: '0' }, 0.5],
    ['untyped', 'cpu_idle', { host: 'a b', core: '0' }, 12],
    ['untyped', 'cpu_on', { host: 'a b', core: '0' }, 1],
    ['untyped', '_quoted_', {}, 3],
    ['untyped', 'disk_1_read_s', {}, 4],
    ['untyped', 'mem_used', {}, 5],
  ])
})

const bad: readonly (readonly [format: Format, text: string, message: RegExp])[] = [
  [
    'prometheus',
    'a 1\nb{x="1" 2',
    /^Cannot parse line 2 "b\{x="1" 2": expected label="value", or a closing brace$/,
  ],
  ['prometheus', 'a 1 1700000000000', /line 1 .*: expected no time stamp behind the value$/],
  ['prometheus', 'a one', /expected a number$/],
  ['prometheus', '1a 1', /expected the name of a metric$/],
  ['prometheus', 'a{x="1",x="2"} 1', /expected the label x once$/],
  ['prometheus', '# TYPE a gouge\na 1', /line 1 .*expected counter, gauge, histogram, summary or untyped$/],
  ['prometheus', 'a 1\n# TYPE a gauge', /expected TYPE of a before its series$/],
  ['prometheus', '# TYPE a gauge\n# TYPE a gauge', /expected one TYPE for a$/],
  ['json', '{"a": 1', /^Cannot parse "\{"a": 1": expected JSON$/],
  ['json', '[{"name": "a"}]', /^Cannot parse JSON at 0\.value: /],
  [
    'json',
    '[{"name":"a","value":1,"type":"gauge"},{"name":"a","value":2}]',
    /^Cannot parse JSON: a is gauge and untyped$/,
  ],
  ['influx', 'cpu', /^Cannot parse line 1 "cpu": expected measurement,tag=… field=…$/],
  ['influx', 'cpu a=1 now', /expected a time stamp, and nothing behind it$/],
  ['influx', 'cpu a=b', /expected a number, true, false or a text in quotes for a$/],
  ['influx', 'cpu,x a=1', /expected tags as key=value$/],
  ['influx', 'cpu,x-y=1,x_y=2 a=1', /expected the label x_y once$/],
  ['prometheus', `a{x="${'y'.repeat(70_000)}"} 1`, /line 1 ".{80}…": expected at most 65536 characters$/],
  ['influx', `cpu a=${'1'.repeat(70_000)}`, /expected at most 65536 characters$/],
  // What a backtracking expression would take many seconds for, at the longest line that is looked at.
  ['prometheus', `a ${'1'.repeat(65_000)}x`, /expected a number$/],
  ['prometheus', `a{b="v"${' '.repeat(65_000)}x`, /expected label="value", or a closing brace$/],
  ['influx', `cpu a=${'1'.repeat(65_000)}x`, /expected a number, true, false or a text in quotes for a$/],
]

test('what is malformed is named with its line and what was expected', () => {
  for (const [format, frame, message] of bad)
    assert.throws(
      () => parse(frame, format),
      (error) => error instanceof ParseError && message.test(error.message),
      `${format} ${frame}`,
    )
  assert.throws(() => parseFrame(Buffer.from([0x61, 0xff, 0x20, 0x31]), 'prometheus'), /expected UTF-8/)
})

test('a frame that may not stand on a page is refused whole', () => {
  const limits = { mostSeries: 3, declared: new Set(['node_zram_fill_ratio']) }
  const refused = (frame: string, message: RegExp) =>
    assert.throws(
      () => checked(parse(frame), 'it', limits),
      (error) => error instanceof ParseError && message.test(error.message),
    )
  refused('a{x="1"} 1\na{x="1"} 2', /the series a\{x="1"\} is there twice$/)
  refused('node_zram_fill_ratio 1', /the name node_zram_fill_ratio is Remora's own$/)
  refused('remora_x 1', /the name remora_x is Remora's own$/)
  refused('a 1\nb 2\nc 3\nd 4', /4 series, more than 3$/)
  refused('# TYPE a counter\na -1', /the counter a is -1$/)
  refused('# TYPE a counter\na NaN', /the counter a is NaN$/)
  refused('# TYPE a counter\na +Inf', /the counter a is Infinity$/)
  refused('a{x=""} 1\na 2', /the series a is there twice$/)
  refused('a{__proto__="x"} 1', /"__proto__" of a is no name of a label$/)
  refused('a_sum 1\n# TYPE a summary\na 2', /a_sum is of the family a_sum and of a$/)
  refused('# TYPE a histogram\na 2', /a is no series of the histogram a$|a is of the family/)
  refused('a{__x="1"} 1', /"__x" of a is no name of a label$/)
  assert.equal(checked(parse('a 1\nb 2\nc 3'), 'it', limits).length, 3)
})

test('frames are cut at their sync lines wherever the pieces end, and one without end is refused', () => {
  const stream = Buffer.from('a 1\n# EOF\nb 2\nc "# EOF" 3\n# EOF \r\n# EOF\nrest')
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 })), (sizes) => {
      const frames = new Frames(1000)
      const found: string[] = []
      let at = 0
      for (const size of [...sizes, stream.length]) {
        found.push(...frames.add(stream.subarray(at, at + size)).map(String))
        at += size
      }
      assert.deepEqual(found, ['a 1\n', 'b 2\nc "# EOF" 3\n', ''])
    }),
    { numRuns: 100 },
  )
  assert.throws(() => new Frames(10).add(Buffer.alloc(11, 'a')), /more than 10 bytes without a line "# EOF"/)
})

const samples: Readonly<Record<Format, string>> = {
  prometheus: text,
  json: JSON.stringify([{ name: 'a', value: 1, labels: { x: 'y' }, type: 'gauge' }]),
  influx: 'cpu,host=a\\ b usage=0.5,note="a, b" 1556813561098000000\n',
}

test('whatever is changed, cut or lost, a frame gives families or the own error, in no unbounded time', () => {
  for (const format of formats) {
    const bytes = Buffer.from(samples[format])
    const frame = fc.oneof(
      fc
        .tuple(fc.nat(bytes.length), fc.uint8Array({ maxLength: 8 }))
        .map(([at, noise]) =>
          Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at + noise.length)]),
        ),
      fc.nat(bytes.length).map((at) => bytes.subarray(0, at)),
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ maxLength: 200, unit: 'binary' }).map((text) => Buffer.from(text)),
    )
    fc.assert(
      fc.property(frame, (noisy) => {
        try {
          const families = checked(parseFrame(noisy, format), 'it', {
            mostSeries: 100,
            declared: new Set(),
          })
          for (const family of families)
            for (const { value } of family.series) assert.ok(family.type !== 'counter' || value >= 0)
        } catch (error) {
          assert.ok(error instanceof ParseError, String(error))
        }
      }),
      { numRuns: 500 },
    )
  }
  const huge = [
    `a{${'x="1",'.repeat(200_000)}`,
    `a ${'9'.repeat(1 << 20)}`,
    '\\'.repeat(1 << 20),
    `a,b=${'"'.repeat(1 << 20)}`,
    ' '.repeat(1 << 20),
  ]
  for (const one of huge)
    for (const format of formats)
      try {
        parse(one, format)
      } catch (error) {
        assert.ok(error instanceof ParseError)
      }
})

test('the time to refuse a line grows with its length, not with the square of it', () => {
  const seconds = (length: number, line: (filler: string) => string, format: Format) => {
    const begun = process.cpuUsage()
    for (let n = 0; n < 20; n++) assert.throws(() => parse(line('1'.repeat(length)), format), ParseError)
    const { user, system } = process.cpuUsage(begun)
    return (user + system) / 1e6
  }
  const lines: readonly (readonly [Format, (filler: string) => string])[] = [
    ['prometheus', (filler) => `a ${filler}x`],
    ['prometheus', (filler) => `a{b="v"${filler.replaceAll('1', ' ')}x`],
    ['influx', (filler) => `cpu a=${filler}x`],
  ]
  // Squared, each took over 2 s of CPU a line of this length.
  for (const [format, line] of lines) assert.ok(seconds(60_000, line, format) < 4, line('…'))
})
