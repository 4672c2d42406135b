-- Texts that are ordered or compared are so by their bytes, as everywhere else here: COLLATE "C".

-- The number of the last change. Whoever changes something takes the next one and with it the row's lock, so numbers are
-- committed in their order, and a reader who has seen one has seen all before it.
CREATE TABLE last_change (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    id       bigint NOT NULL
);
INSERT INTO last_change (id) VALUES (0);

-- Who changed what, and when. Written in the transaction of the change itself, never altered.
CREATE TABLE change (
    id                 bigint PRIMARY KEY,
    at                 timestamptz NOT NULL,
    kind               text NOT NULL CHECK (kind IN ('create', 'update', 'delete')),
    provider_id        text COLLATE "C" NOT NULL,
    user_id            text,              -- the operator; NULL where a connector changed its own record
    certificate_id     text NOT NULL,
    certificate_sha256 text NOT NULL,
    request_id         text NOT NULL,
    before             jsonb,             -- the entry
    after              jsonb,
    CHECK ((kind = 'create') = (before IS NULL)),
    CHECK ((kind = 'delete') = (after IS NULL))
);

CREATE INDEX change_of_provider ON change (provider_id, id);

CREATE FUNCTION change_is_not_altered() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the history is not altered'; END $$;

CREATE TRIGGER change_is_not_altered BEFORE UPDATE OR DELETE ON change
FOR EACH ROW EXECUTE FUNCTION change_is_not_altered();

CREATE TRIGGER change_is_not_emptied BEFORE TRUNCATE ON change
FOR EACH STATEMENT EXECUTE FUNCTION change_is_not_altered();

CREATE TABLE location (
    provider_id   text COLLATE "C" PRIMARY KEY,
    connector_url text NOT NULL,
    connector_id  text,
    profile       text NOT NULL CHECK (profile IN ('kakehashi/1', 'cadde/4')),
    -- The change that made the row what it is: its version.
    change_id     bigint NOT NULL UNIQUE REFERENCES change (id)
);
