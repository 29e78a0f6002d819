import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptsGzip, chooseFormat } from '../../../src/server/accept.ts'

const formats = [
  [undefined, 'text'],
  ['', 'text'],
  ['*/*', 'text'],
  ['text/plain', 'text'],
  ['application/json', 'text'],
  ['application/openmetrics-text', 'openmetrics'],
  ['application/openmetrics-text; version=1.0.0; charset=utf-8', 'openmetrics'],
  ['application/openmetrics-text;version=0.0.1', 'text'],
  ['application/openmetrics-text;version=2.0.0,*/*;q=0.1', 'text'],
  ['application/openmetrics-text;q=0', 'text'],
  ['text/plain;q=0.4, application/openmetrics-text;version="1.0.0";q=0.5', 'openmetrics'],
  ['text/plain;version=0.0.4;q=0.6,application/openmetrics-text;q=0.5', 'text'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
  // Prometheus 2.42 and 3.
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  ],
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
    'openmetrics',
  ],
  ['application/openmetrics-text;q=nonsense,,;;=,text/plain;q=0.1', 'text'],
] as const

test('chooseFormat takes what the scraper likes best and never refuses', () => {
  for (const [accept, format] of formats) assert.equal(chooseFormat(accept), format, `${accept}`)
})

const encodings = [
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['GZIP, deflate', true],
  ['deflate', false],
  ['gzip;q=0', false],
  ['gzip;q=0, *', false],
  ['*', true],
  ['*;q=0', false],
  ['identity;q=1, gzip;q=0.5', true],
] as const

test('acceptsGzip follows the q values', () => {
  for (const [header, accepted] of encodings) assert.equal(acceptsGzip(header), accepted, `${header}`)
})
