-- What stewards write. Times are microseconds since 1970-01-01T00:00:00Z.

-- A draft: a dataset as this server has it, for as long as it exists.
CREATE TABLE draft (
    id            TEXT PRIMARY KEY,
    -- The connector ID of the provider whose it is.
    provider      TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('draft', 'checking', 'published', 'withdrawn')),
    -- Another number after each change of whatever kind.
    revision      INTEGER NOT NULL,
    -- Who made the last one, and when.
    changed_at    INTEGER NOT NULL,
    changed_by    TEXT NOT NULL,
    -- The newest content, and what is known of it without reading it.
    version       INTEGER NOT NULL,
    saved_at      INTEGER NOT NULL,
    saved_by      TEXT NOT NULL,
    title         TEXT NOT NULL,
    -- The title as it is compared.
    found_as      TEXT NOT NULL,
    sharing       TEXT NOT NULL CHECK (sharing IN ('open', 'limited')),
    distributions INTEGER NOT NULL,
    errors        INTEGER NOT NULL,
    warnings      INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    created_by    TEXT NOT NULL,
    -- Set while it can still be brought back.
    deleted_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX draft_of_provider ON draft (provider, saved_at);
CREATE INDEX draft_deleted ON draft (deleted_at) WHERE deleted_at IS NOT NULL;

-- The contents that a draft has had.
CREATE TABLE draft_version (
    draft_id      TEXT NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
    number        INTEGER NOT NULL,
    content       TEXT NOT NULL, -- JSON
    title         TEXT NOT NULL,
    saved_at      INTEGER NOT NULL,
    saved_by      TEXT NOT NULL,
    -- The version whose content it is again.
    restored_from INTEGER,
    PRIMARY KEY (draft_id, number)
) STRICT;
