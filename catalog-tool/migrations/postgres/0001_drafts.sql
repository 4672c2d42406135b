-- What stewards write.

-- A draft: a dataset as this server has it, for as long as it exists.
CREATE TABLE draft (
    id            uuid PRIMARY KEY,
    -- The connector ID of the provider whose it is.
    provider      text NOT NULL,
    state         text NOT NULL CHECK (state IN ('draft', 'checking', 'published', 'withdrawn')),
    -- Another number after each change of whatever kind.
    revision      bigint NOT NULL,
    -- Who made the last one, and when.
    changed_at    timestamptz NOT NULL,
    changed_by    text NOT NULL,
    -- The newest content, and what is known of it without reading it.
    version       bigint NOT NULL,
    saved_at      timestamptz NOT NULL,
    saved_by      text NOT NULL,
    title         text COLLATE "C" NOT NULL,
    -- The title as it is compared.
    found_as      text COLLATE "C" NOT NULL,
    sharing       text NOT NULL CHECK (sharing IN ('open', 'limited')),
    distributions bigint NOT NULL,
    errors        bigint NOT NULL,
    warnings      bigint NOT NULL,
    created_at    timestamptz NOT NULL,
    created_by    text NOT NULL,
    -- Set while it can still be brought back.
    deleted_at    timestamptz
);

CREATE INDEX draft_of_provider ON draft (provider, saved_at);
CREATE INDEX draft_deleted ON draft (deleted_at) WHERE deleted_at IS NOT NULL;

-- The contents that a draft has had.
CREATE TABLE draft_version (
    draft_id      uuid NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
    number        bigint NOT NULL,
    content       jsonb NOT NULL,
    title         text NOT NULL,
    saved_at      timestamptz NOT NULL,
    saved_by      text NOT NULL,
    -- The version whose content it is again.
    restored_from bigint,
    PRIMARY KEY (draft_id, number)
);
