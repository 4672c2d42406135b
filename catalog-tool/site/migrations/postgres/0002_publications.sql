-- Publishing as durable work: whoever takes it up, at whichever step it was left, brings it to its end.
CREATE TABLE catalog_publication (
    id         uuid PRIMARY KEY,
    dataset_id uuid NOT NULL REFERENCES catalog_dataset (id) ON DELETE CASCADE,
    version    bigint NOT NULL,
    state      text NOT NULL CHECK (state IN ('queued', 'checking', 'retrying', 'stopped', 'done')),
    -- When it is to be taken up, or up again where whoever had it says nothing more.
    due_at     timestamptz NOT NULL,
    -- Counts who took it up: what an earlier one still writes does not count.
    claim      bigint NOT NULL,
    -- Failures one after the other.
    failures   bigint NOT NULL,
    problem    jsonb, -- JSON: why it waits or stopped
    queued_at  timestamptz NOT NULL,
    ended_at   timestamptz,
    user_id    text NOT NULL,
    via        text NOT NULL,
    request_id text NOT NULL,
    CHECK ((state IN ('stopped', 'done')) = (ended_at IS NOT NULL))
);

CREATE UNIQUE INDEX catalog_publication_once ON catalog_publication (dataset_id) WHERE ended_at IS NULL;
CREATE INDEX catalog_publication_due ON catalog_publication (due_at) WHERE ended_at IS NULL;
CREATE INDEX catalog_publication_of_dataset ON catalog_publication (dataset_id, id);
CREATE INDEX catalog_publication_ended ON catalog_publication (ended_at) WHERE ended_at IS NOT NULL;

-- What a publication names: each place once, whichever views name it.
CREATE TABLE catalog_part (
    publication_id uuid NOT NULL REFERENCES catalog_publication (id) ON DELETE CASCADE,
    position       bigint NOT NULL,
    resource_id    text NOT NULL,
    url            text NOT NULL,
    tenant         text NOT NULL,
    path           text NOT NULL,
    sha256         text,
    size           bigint,
    event_id       text,
    PRIMARY KEY (publication_id, position)
);

-- Events of the ledger that this catalogue has asked for: one for each version of the bytes at a place, under one key however often
-- it is asked for. The event is known once the ledger has answered.
CREATE TABLE catalog_creation (
    url             text NOT NULL,
    tenant          text NOT NULL,
    path            text NOT NULL,
    sha256          text NOT NULL,
    idempotency_key text NOT NULL UNIQUE,
    event_id        text UNIQUE,
    asked_at        timestamptz NOT NULL,
    PRIMARY KEY (url, tenant, path, sha256)
);
