-- Records of the ledger. A record is never changed; erasing one empties `salt`, `core` and what is made of them.
CREATE TABLE record(
  idx INTEGER PRIMARY KEY,              -- place in the ledger: contiguous from 0, given by the one writer inside its transaction
  id TEXT NOT NULL UNIQUE,              -- cdleventid, or the id of the evidence (of an aborted transfer: the id reserved for its event)
  kind INTEGER NOT NULL CHECK(kind BETWEEN 1 AND 3), -- 1 event, 2 evidence, 3 statement (IN would make a table of its own at each insert)
  commitment BLOB NOT NULL CHECK(length(commitment) = 32),
  salt BLOB CHECK(length(salt) = 32),   -- null after an erasure
  core TEXT,                            -- canonical JSON, the exact bytes that were committed to; null after an erasure
  etype TEXT,                           -- cdleventtype, or the type of the evidence
  provider TEXT,                        -- dataprovider
  consumer TEXT,                        -- datauser
  org TEXT,                             -- cdlorganization
  cts TEXT,                             -- cdltimestamp
  rx_ms INTEGER NOT NULL,               -- time of acceptance
  actor TEXT NOT NULL,                  -- who submitted it: user:ID or connector:ID
  content BLOB CHECK(length(content) = 32), -- hash of what was submitted, by which a repetition is known; null for the ledger's own
  subject TEXT                          -- of evidence about another record: that record's id
) STRICT;

-- Which event names which as its predecessor. Never changed either: `cdlnextevents` is computed from it.
CREATE TABLE edge(
  next_idx INTEGER NOT NULL,
  ord INTEGER NOT NULL,                 -- place in cdlpreviousevents
  prev_idx INTEGER NOT NULL,
  PRIMARY KEY(next_idx, ord)
) STRICT, WITHOUT ROWID;
CREATE INDEX edge_fwd ON edge(prev_idx, next_idx, ord);

-- Predecessors that have not arrived.
CREATE TABLE pending_edge(
  prev_id TEXT NOT NULL,
  next_idx INTEGER NOT NULL,
  ord INTEGER NOT NULL,
  PRIMARY KEY(prev_id, next_idx, ord)
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_edge_next ON pending_edge(next_idx);

-- Data tags, by which duplicates are found.
CREATE TABLE tag(
  idx INTEGER NOT NULL,
  ord INTEGER NOT NULL,
  uri TEXT,
  sha256 TEXT,
  size INTEGER,
  PRIMARY KEY(idx, ord)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_key ON tag(sha256, uri);

-- Idempotency keys of single registrations.
CREATE TABLE idem(
  actor TEXT NOT NULL,
  k TEXT NOT NULL,
  content BLOB NOT NULL CHECK(length(content) = 32),
  idx INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  PRIMARY KEY(actor, k)
) STRICT, WITHOUT ROWID;
CREATE INDEX idem_created ON idem(created_ms);
