-- What the release sites of providers have told. Times are microseconds since 1970-01-01T00:00:00Z.

-- A site, and how it answered.
CREATE TABLE harvest_source (
    -- The connector ID of its provider.
    id            TEXT PRIMARY KEY,
    -- What it calls itself.
    title         TEXT,
    asked_at      INTEGER,
    answered_at   INTEGER,
    -- Set while it gives no answer.
    silent_since  INTEGER,
    -- When all of it was read, and how many records of it could not be.
    swept_at      INTEGER,
    skipped       INTEGER NOT NULL DEFAULT 0,
    -- What is wrong (JSON).
    problem       TEXT,
    -- One process at a time asks it.
    claimed_until INTEGER
) STRICT, WITHOUT ROWID;

-- A package of a site, as it came.
CREATE TABLE harvest_record (
    source  TEXT NOT NULL,
    id      TEXT NOT NULL,
    name    TEXT NOT NULL,
    -- JSON; NULL once it is gone.
    content TEXT,
    -- SHA-256 of it, hexadecimal.
    digest  TEXT NOT NULL,
    -- The number of its last change: whoever keeps a copy reads those that came after what it has seen.
    number  INTEGER NOT NULL UNIQUE,
    at      INTEGER NOT NULL,
    PRIMARY KEY (source, id)
) STRICT;

CREATE INDEX harvest_record_by_name ON harvest_record (source, name);
CREATE INDEX harvest_record_by_id ON harvest_record (id);

CREATE TABLE harvest_counter (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    -- Of this database: a copy of another one is not to be taken for this one.
    identity TEXT NOT NULL,
    number   INTEGER NOT NULL
) STRICT;
INSERT INTO harvest_counter (id, identity, number) VALUES (1, lower(hex(randomblob(16))), 0);
