-- The catalogue of a provider. Its tables lie beside those of the process that runs it, so their names begin alike.

-- A dataset: one object with a public and a limited view.
CREATE TABLE catalog_dataset (
    id              uuid PRIMARY KEY,
    name            text NOT NULL UNIQUE,
    -- Under these ids the sites show the views; that of the limited one is the link between both.
    public_id       uuid NOT NULL UNIQUE,
    limited_id      uuid NOT NULL UNIQUE,
    state           text NOT NULL CHECK (state IN ('draft', 'checking', 'published', 'withdrawn')),
    -- Another number after each change of whatever kind.
    revision        bigint NOT NULL,
    -- The newest content, and the one that the sites show.
    version         bigint NOT NULL,
    visible_version bigint,
    -- The content that is being published.
    checked_version bigint,
    title           text NOT NULL,
    has_public      boolean NOT NULL,
    has_limited     boolean NOT NULL,
    created_at      timestamptz NOT NULL,
    modified_at     timestamptz NOT NULL,
    -- First shown.
    published_at    timestamptz,
    -- Taken from the sites by a steward, and not put back since.
    withdrawn_at    timestamptz,
    CHECK (has_public OR has_limited),
    CHECK ((state = 'checking') = (checked_version IS NOT NULL)),
    CHECK (state <> 'published' OR visible_version IS NOT NULL),
    CHECK (state NOT IN ('draft', 'withdrawn') OR visible_version IS NULL)
);

CREATE INDEX catalog_dataset_by_state ON catalog_dataset (state, id);

-- The contents that a dataset has had.
CREATE TABLE catalog_version (
    dataset_id uuid NOT NULL REFERENCES catalog_dataset (id) ON DELETE CASCADE,
    number     bigint NOT NULL,
    content    jsonb NOT NULL,
    author     text NOT NULL,
    made_at    timestamptz NOT NULL,
    PRIMARY KEY (dataset_id, number)
);

-- What the sites show: a view of a dataset, as a package.
CREATE TABLE catalog_package (
    side        text NOT NULL CHECK (side IN ('public', 'limited')),
    id          uuid NOT NULL,
    dataset_id  uuid NOT NULL REFERENCES catalog_dataset (id) ON DELETE CASCADE,
    -- In the order of bytes, as lists are.
    name        text COLLATE "C" NOT NULL,
    content     jsonb NOT NULL,
    created_at  timestamptz NOT NULL,
    modified_at timestamptz NOT NULL,
    PRIMARY KEY (side, id),
    UNIQUE (side, name),
    UNIQUE (dataset_id, side)
);

-- The distributions of those packages.
CREATE TABLE catalog_resource (
    side       text NOT NULL,
    id         text NOT NULL,
    package_id uuid NOT NULL,
    dataset_id uuid NOT NULL,
    -- The three together are shorter than what an index holds.
    url        text NOT NULL,
    tenant     text NOT NULL,
    path       text NOT NULL,
    PRIMARY KEY (side, id),
    FOREIGN KEY (side, package_id) REFERENCES catalog_package (side, id) ON DELETE CASCADE
);

CREATE INDEX catalog_resource_of_package ON catalog_resource (side, package_id);
CREATE INDEX catalog_resource_by_url ON catalog_resource (url, tenant, path);

-- Which event of the ledger made what lies at an address: the same for all distributions that name it.
CREATE TABLE catalog_origin (
    url      text NOT NULL,
    tenant   text NOT NULL,
    path     text NOT NULL,
    event_id text NOT NULL,
    -- Of the bytes, hexadecimal; NULL where the event was there before.
    sha256   text,
    made_at  timestamptz NOT NULL,
    PRIMARY KEY (url, tenant, path)
);

-- When the sites last came to show something else of a dataset: whoever keeps a copy of what they show reads those that came after
-- what it has seen. A dataset that was deleted keeps its row for a while.
CREATE TABLE catalog_change (
    dataset_id uuid PRIMARY KEY,
    number     bigint NOT NULL UNIQUE,
    at         timestamptz NOT NULL
);

CREATE TABLE catalog_counter (
    id       smallint PRIMARY KEY CHECK (id = 1),
    -- Of this database: a copy of another one is not to be taken for this one.
    identity text NOT NULL,
    number   bigint NOT NULL,
    -- Datasets that there are: counting them would take longer the more there are.
    datasets bigint NOT NULL
);
INSERT INTO catalog_counter (id, identity, number, datasets) VALUES (1, replace(gen_random_uuid()::text, '-', ''), 0, 0);

-- Who did what, and when.
CREATE TABLE catalog_edit (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    action     text NOT NULL CHECK (action IN ('create', 'change', 'publish', 'show', 'stop', 'withdraw', 'redraft', 'delete')),
    dataset_id uuid NOT NULL,
    version    bigint NOT NULL,
    user_id    text NOT NULL,
    via        text NOT NULL, -- the application that acts for the user
    request_id text NOT NULL
);

CREATE INDEX catalog_edit_of_dataset ON catalog_edit (dataset_id, seq);
