-- What the release sites of providers have told.

-- A site, and how it answered.
CREATE TABLE harvest_source (
    -- The connector ID of its provider.
    id            text PRIMARY KEY,
    -- What it calls itself.
    title         text,
    asked_at      timestamptz,
    answered_at   timestamptz,
    -- Set while it gives no answer.
    silent_since  timestamptz,
    -- When all of it was read, and how many records of it could not be.
    swept_at      timestamptz,
    skipped       bigint NOT NULL DEFAULT 0,
    -- What is wrong.
    problem       jsonb,
    -- One process at a time asks it.
    claimed_until timestamptz
);

-- A package of a site, as it came.
CREATE TABLE harvest_record (
    source  text COLLATE "C" NOT NULL,
    id      text COLLATE "C" NOT NULL,
    name    text COLLATE "C" NOT NULL,
    -- NULL once it is gone. As text: a site may say what jsonb does not hold.
    content text,
    -- SHA-256 of it, hexadecimal.
    digest  text NOT NULL,
    -- The number of its last change: whoever keeps a copy reads those that came after what it has seen.
    number  bigint NOT NULL UNIQUE,
    at      timestamptz NOT NULL,
    PRIMARY KEY (source, id)
);

CREATE INDEX harvest_record_by_name ON harvest_record (source, name);
CREATE INDEX harvest_record_by_id ON harvest_record (id);

CREATE TABLE harvest_counter (
    id       smallint PRIMARY KEY CHECK (id = 1),
    -- Of this database: a copy of another one is not to be taken for this one.
    identity text NOT NULL,
    number   bigint NOT NULL
);
INSERT INTO harvest_counter (id, identity, number) VALUES (1, replace(gen_random_uuid()::text, '-', ''), 0);
