-- The catalogue of a provider. Its tables lie beside those of the process that runs it, so their names begin alike.
-- Times are microseconds since 1970-01-01T00:00:00Z.

-- A dataset: one object with a public and a limited view.
CREATE TABLE catalog_dataset (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL UNIQUE,
    -- Under these ids the sites show the views; that of the limited one is the link between both.
    public_id       TEXT NOT NULL UNIQUE,
    limited_id      TEXT NOT NULL UNIQUE,
    state           TEXT NOT NULL CHECK (state IN ('draft', 'checking', 'published', 'withdrawn')),
    -- Another number after each change of whatever kind.
    revision        INTEGER NOT NULL,
    -- The newest content, and the one that the sites show.
    version         INTEGER NOT NULL,
    visible_version INTEGER,
    -- The content that is being published.
    checked_version INTEGER,
    title           TEXT NOT NULL,
    has_public      INTEGER NOT NULL CHECK (has_public IN (0, 1)),
    has_limited     INTEGER NOT NULL CHECK (has_limited IN (0, 1)),
    created_at      INTEGER NOT NULL,
    modified_at     INTEGER NOT NULL,
    -- First shown.
    published_at    INTEGER,
    -- Taken from the sites by a steward, and not put back since.
    withdrawn_at    INTEGER,
    CHECK (has_public + has_limited > 0),
    CHECK ((state = 'checking') = (checked_version IS NOT NULL)),
    CHECK (state <> 'published' OR visible_version IS NOT NULL),
    CHECK (state NOT IN ('draft', 'withdrawn') OR visible_version IS NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX catalog_dataset_by_state ON catalog_dataset (state, id);

-- The contents that a dataset has had.
CREATE TABLE catalog_version (
    dataset_id TEXT NOT NULL REFERENCES catalog_dataset (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    content    TEXT NOT NULL, -- JSON
    author     TEXT NOT NULL,
    made_at    INTEGER NOT NULL,
    PRIMARY KEY (dataset_id, number)
) STRICT;

-- What the sites show: a view of a dataset, as a package.
CREATE TABLE catalog_package (
    side        TEXT NOT NULL CHECK (side IN ('public', 'limited')),
    id          TEXT NOT NULL,
    dataset_id  TEXT NOT NULL REFERENCES catalog_dataset (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    content     TEXT NOT NULL, -- JSON
    created_at  INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    PRIMARY KEY (side, id),
    UNIQUE (side, name),
    UNIQUE (dataset_id, side)
) STRICT;

-- The distributions of those packages.
CREATE TABLE catalog_resource (
    side       TEXT NOT NULL,
    id         TEXT NOT NULL,
    package_id TEXT NOT NULL,
    dataset_id TEXT NOT NULL,
    url        TEXT NOT NULL,
    tenant     TEXT NOT NULL,
    path       TEXT NOT NULL,
    PRIMARY KEY (side, id),
    FOREIGN KEY (side, package_id) REFERENCES catalog_package (side, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX catalog_resource_of_package ON catalog_resource (side, package_id);
CREATE INDEX catalog_resource_by_url ON catalog_resource (url, tenant, path);

-- Which event of the ledger made what lies at an address: the same for all distributions that name it.
CREATE TABLE catalog_origin (
    url      TEXT NOT NULL,
    tenant   TEXT NOT NULL,
    path     TEXT NOT NULL,
    event_id TEXT NOT NULL,
    -- Of the bytes, hexadecimal; NULL where the event was there before.
    sha256   TEXT,
    made_at  INTEGER NOT NULL,
    PRIMARY KEY (url, tenant, path)
) STRICT, WITHOUT ROWID;

-- When the sites last came to show something else of a dataset: whoever keeps a copy of what they show reads those that came after
-- what it has seen. A dataset that was deleted keeps its row for a while.
CREATE TABLE catalog_change (
    dataset_id TEXT PRIMARY KEY,
    number     INTEGER NOT NULL UNIQUE,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE catalog_counter (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    -- Of this database: a copy of another one is not to be taken for this one.
    identity TEXT NOT NULL,
    number   INTEGER NOT NULL,
    -- Datasets that there are: counting them would take longer the more there are.
    datasets INTEGER NOT NULL
) STRICT;
INSERT INTO catalog_counter (id, identity, number, datasets) VALUES (1, lower(hex(randomblob(16))), 0, 0);

-- Who did what, and when.
CREATE TABLE catalog_edit (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    action     TEXT NOT NULL CHECK (action IN ('create', 'change', 'publish', 'show', 'stop', 'withdraw', 'redraft', 'delete')),
    dataset_id TEXT NOT NULL,
    version    INTEGER NOT NULL,
    user_id    TEXT NOT NULL,
    via        TEXT NOT NULL, -- the application that acts for the user
    request_id TEXT NOT NULL
) STRICT;

CREATE INDEX catalog_edit_of_dataset ON catalog_edit (dataset_id, seq);
