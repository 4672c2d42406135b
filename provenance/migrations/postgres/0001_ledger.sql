-- The place of the next record. Whoever records something holds the lock of this row until it has committed: places are given
-- without gaps and in the order of commits, whoever else records at the same time.
CREATE TABLE next_place (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    idx      bigint NOT NULL
);
INSERT INTO next_place (idx) VALUES (0);

-- Records of the ledger. A record is never changed; erasing one empties `salt`, `core` and what is made of them.
CREATE TABLE record (
    idx        bigint PRIMARY KEY,            -- place in the ledger: contiguous from 0
    id         text COLLATE "C" NOT NULL CONSTRAINT record_id UNIQUE, -- cdleventid, or the id of the evidence (of an aborted transfer: the id reserved for its event)
    kind       smallint NOT NULL CHECK (kind IN (1, 2, 3)), -- 1 event, 2 evidence, 3 statement
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
    salt       bytea CHECK (octet_length(salt) = 32), -- null after an erasure
    core       text,                          -- canonical JSON, the exact bytes that were committed to; null after an erasure
    etype      text,                          -- cdleventtype, or the type of the evidence
    provider   text,                          -- dataprovider
    consumer   text,                          -- datauser
    org        text,                          -- cdlorganization
    cts        text,                          -- cdltimestamp, as it was sent
    rx         timestamptz NOT NULL,          -- time of acceptance
    actor      text NOT NULL,                 -- who submitted it: user:ID or connector:ID
    content    bytea CHECK (octet_length(content) = 32), -- hash of what was submitted, by which a repetition is known; null for the ledger's own
    subject    text                           -- of evidence about another record: that record's id
);

-- Which event names which as its predecessor. Never changed either: `cdlnextevents` is computed from it.
CREATE TABLE edge (
    next_idx bigint NOT NULL,
    ord      integer NOT NULL,                -- place in cdlpreviousevents
    prev_idx bigint NOT NULL,
    PRIMARY KEY (next_idx, ord)
);
CREATE INDEX edge_fwd ON edge (prev_idx, next_idx, ord);

-- Predecessors that have not arrived.
CREATE TABLE pending_edge (
    prev_id  text COLLATE "C" NOT NULL,
    next_idx bigint NOT NULL,
    ord      integer NOT NULL,
    PRIMARY KEY (prev_id, next_idx, ord)
);
CREATE INDEX pending_edge_next ON pending_edge (next_idx);

-- Data tags, by which duplicates are found. Both texts may be longer than an index takes, so they are found by a hash of them.
CREATE TABLE tag (
    idx    bigint NOT NULL,
    ord    integer NOT NULL,
    uri    text,
    sha256 text,
    size   bigint,
    key    bytea CHECK (octet_length(key) = 32), -- SHA-256 of both texts; null where one is missing
    PRIMARY KEY (idx, ord)
);
CREATE INDEX tag_key ON tag (key) WHERE key IS NOT NULL;

-- Idempotency keys of single registrations.
CREATE TABLE idem (
    actor   text COLLATE "C" NOT NULL,
    k       text COLLATE "C" NOT NULL,
    content bytea NOT NULL CHECK (octet_length(content) = 32),
    idx     bigint NOT NULL,
    created timestamptz NOT NULL,
    PRIMARY KEY (actor, k)
);
CREATE INDEX idem_created ON idem (created);
