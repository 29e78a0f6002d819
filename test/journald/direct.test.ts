/** Every test of the journald collector on files at rest and beside a real journald, with the reader of journal files. */
process.env.REMORA_TEST_READER = 'direct'
await import('./files.test.ts')
await import('./live.test.ts')

export {}
