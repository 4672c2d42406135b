-- Publishing as durable work: whoever takes it up, at whichever step it was left, brings it to its end.
CREATE TABLE catalog_publication (
    id         TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES catalog_dataset (id) ON DELETE CASCADE,
    version    INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('queued', 'checking', 'retrying', 'stopped', 'done')),
    -- When it is to be taken up, or up again where whoever had it says nothing more.
    due_at     INTEGER NOT NULL,
    -- Counts who took it up: what an earlier one still writes does not count.
    claim      INTEGER NOT NULL,
    -- Failures one after the other.
    failures   INTEGER NOT NULL,
    problem    TEXT, -- JSON: why it waits or stopped
    queued_at  INTEGER NOT NULL,
    ended_at   INTEGER,
    user_id    TEXT NOT NULL,
    via        TEXT NOT NULL,
    request_id TEXT NOT NULL,
    CHECK ((state IN ('stopped', 'done')) = (ended_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX catalog_publication_once ON catalog_publication (dataset_id) WHERE ended_at IS NULL;
CREATE INDEX catalog_publication_due ON catalog_publication (due_at) WHERE ended_at IS NULL;
CREATE INDEX catalog_publication_of_dataset ON catalog_publication (dataset_id, id);
CREATE INDEX catalog_publication_ended ON catalog_publication (ended_at) WHERE ended_at IS NOT NULL;

-- What a publication names: each place once, whichever views name it.
CREATE TABLE catalog_part (
    publication_id TEXT NOT NULL REFERENCES catalog_publication (id) ON DELETE CASCADE,
    position       INTEGER NOT NULL,
    resource_id    TEXT NOT NULL,
    url            TEXT NOT NULL,
    tenant         TEXT NOT NULL,
    path           TEXT NOT NULL,
    sha256         TEXT,
    size           INTEGER,
    event_id       TEXT,
    PRIMARY KEY (publication_id, position)
) STRICT, WITHOUT ROWID;

-- Events of the ledger that this catalogue has asked for: one for each version of the bytes at a place, under one key however often
-- it is asked for. The event is known once the ledger has answered.
CREATE TABLE catalog_creation (
    url             TEXT NOT NULL,
    tenant          TEXT NOT NULL,
    path            TEXT NOT NULL,
    sha256          TEXT NOT NULL,
    idempotency_key TEXT NOT NULL UNIQUE,
    event_id        TEXT UNIQUE,
    asked_at        INTEGER NOT NULL,
    PRIMARY KEY (url, tenant, path, sha256)
) STRICT, WITHOUT ROWID;
