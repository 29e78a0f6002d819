/** The tables of the spool database, in one SQL text. Definitions: format.md; choices: docs/decisions/spool.md. */

/** SQLite's user_version. A file with a higher one is set aside untouched. */
export const schemaVersion = 1

/** SQLite's application_id: "Rmra". */
export const applicationId = 0x526d7261

/** A sink's place in `batch.routed` is bit id - 1; a JavaScript number holds 53 bits. */
export const mostSinks = 50

export const schema = `
PRAGMA application_id = ${applicationId};
PRAGMA user_version = ${schemaVersion};

-- ledger: its random id. created_ms: when it began.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- The one log. Rows leave it when every sink they were routed to is done with them.
CREATE TABLE batch (
  sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
  kind         TEXT    NOT NULL CHECK (kind IN ('events', 'samples')),
  source       TEXT    NOT NULL,
  count        INTEGER NOT NULL,
  -- Events: the number of the first record. Samples: the ordinal of the collection.
  first_number INTEGER NOT NULL,
  -- When it was spooled; of samples, their one collection time.
  time_ms      INTEGER NOT NULL,
  -- A bit for each sink it was routed to. Never changes.
  routed       INTEGER NOT NULL,
  bytes        INTEGER NOT NULL,
  -- [[stream, position], ...] after it.
  positions    TEXT    NOT NULL,
  -- CRC-32 of the columns above, and of the payload.
  row_checksum INTEGER NOT NULL,
  checksum     INTEGER NOT NULL,
  payload      BLOB    NOT NULL
) STRICT;

-- Everything that is summed or searched without unpacking a batch.
CREATE INDEX batch_held ON batch (sequence, kind, source, routed, count, bytes, time_ms, first_number);

-- batch: the last one before this position.
CREATE TABLE position (
  source   TEXT NOT NULL,
  stream   TEXT NOT NULL,
  position TEXT NOT NULL,
  batch    INTEGER NOT NULL,
  PRIMARY KEY (source, stream)
) STRICT, WITHOUT ROWID;

-- last_number: of its records; of metrics, of its collections. bytes and first_ms: of all ever spooled.
CREATE TABLE source (
  name        TEXT PRIMARY KEY,
  last_number INTEGER NOT NULL DEFAULT 0,
  bytes       INTEGER NOT NULL DEFAULT 0,
  first_ms    INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE source_count (
  source TEXT NOT NULL,
  term   TEXT NOT NULL CHECK (term IN ('read', 'spooled', 'filtered', 'missed')),
  reason TEXT NOT NULL,
  count  INTEGER NOT NULL,
  PRIMARY KEY (source, term, reason)
) STRICT, WITHOUT ROWID;

-- A sink is done with every batch up to its cursor.
CREATE TABLE sink (
  id       INTEGER PRIMARY KEY,
  name     TEXT    NOT NULL UNIQUE,
  cursor   INTEGER NOT NULL,
  removed  INTEGER NOT NULL,
  required INTEGER NOT NULL,
  off_node INTEGER NOT NULL,
  keep_all INTEGER NOT NULL
) STRICT;

CREATE TABLE sink_count (
  sink   INTEGER NOT NULL,
  source TEXT NOT NULL,
  term   TEXT NOT NULL CHECK (term IN ('routed', 'acknowledged', 'quarantined', 'lost')),
  reason TEXT NOT NULL,
  count  INTEGER NOT NULL,
  PRIMARY KEY (sink, source, term, reason)
) STRICT, WITHOUT ROWID;

-- payload: the record or sample alone, as a batch of one. routed: as its batch had it.
CREATE TABLE quarantine (
  key      INTEGER PRIMARY KEY AUTOINCREMENT,
  sink     INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  routed   INTEGER NOT NULL,
  kind     TEXT    NOT NULL,
  source   TEXT    NOT NULL,
  id       TEXT    NOT NULL,
  number   INTEGER NOT NULL,
  words    TEXT    NOT NULL,
  since_ms INTEGER NOT NULL,
  time_ms  INTEGER NOT NULL,
  replay   INTEGER NOT NULL DEFAULT 0,
  checksum INTEGER NOT NULL,
  payload  BLOB    NOT NULL
) STRICT;

-- Looked for before every send.
CREATE INDEX quarantine_replay ON quarantine (sink, key) WHERE replay = 1;

-- What a sink is past without having acknowledged it, while another one holds it: number 0 is the whole batch.
CREATE TABLE given_up (
  sink     INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  number   INTEGER NOT NULL,
  PRIMARY KEY (sequence, sink, number)
) STRICT, WITHOUT ROWID;

-- A required off-node sink did not acknowledge something of this stream at this batch: later positions of the stream
-- are not acknowledged back to the source until the quarantined record (key) is; a lost one (key 0) never is.
CREATE TABLE unacknowledged (
  source   TEXT    NOT NULL,
  stream   TEXT    NOT NULL,
  sequence INTEGER NOT NULL,
  key      INTEGER NOT NULL
) STRICT;
CREATE INDEX unacknowledged_stream ON unacknowledged (source, stream, sequence);
CREATE INDEX unacknowledged_key ON unacknowledged (key);
`
