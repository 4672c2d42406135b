-- Who changed what, and when. Written in the transaction of the change itself, never altered.
CREATE TABLE change (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us              INTEGER NOT NULL, -- microseconds since 1970-01-01T00:00:00Z
    kind               TEXT NOT NULL CHECK (kind IN ('create', 'update', 'delete')),
    provider_id        TEXT NOT NULL,
    user_id            TEXT,             -- the operator; NULL where a connector changed its own record
    certificate_id     TEXT NOT NULL,
    certificate_sha256 TEXT NOT NULL,
    request_id         TEXT NOT NULL,
    before             TEXT,             -- JSON of the entry
    after              TEXT,
    CHECK ((kind = 'create') = (before IS NULL)),
    CHECK ((kind = 'delete') = (after IS NULL))
) STRICT;

CREATE INDEX change_of_provider ON change (provider_id, id);

CREATE TRIGGER change_is_not_altered BEFORE UPDATE ON change
BEGIN SELECT RAISE(ABORT, 'the history is not altered'); END;

CREATE TRIGGER change_is_not_removed BEFORE DELETE ON change
BEGIN SELECT RAISE(ABORT, 'the history is not altered'); END;

CREATE TABLE location (
    provider_id   TEXT PRIMARY KEY,
    connector_url TEXT NOT NULL,
    connector_id  TEXT,
    profile       TEXT NOT NULL CHECK (profile IN ('kakehashi/1', 'cadde/4')),
    -- The change that made the row what it is: its version.
    change_id     INTEGER NOT NULL UNIQUE REFERENCES change (id)
) STRICT, WITHOUT ROWID;
