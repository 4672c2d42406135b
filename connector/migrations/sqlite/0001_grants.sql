-- Grants (認可): who may fetch which resource of this provider.
CREATE TABLE grants (
    -- Order of registration: of several matching grants with a contract the last one counts.
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    target        TEXT NOT NULL CHECK (target <> ''),
    user_id       TEXT CHECK (user_id <> ''),
    org           TEXT CHECK (org <> ''),
    aal           INTEGER CHECK (aal BETWEEN 1 AND 3),
    extras        TEXT CHECK (extras <> ''),
    trade_id      TEXT,
    contract_url  TEXT,
    contract_type TEXT,
    -- RFC 3339, UTC.
    registered_at TEXT NOT NULL,
    -- A grant to nobody in particular would be a grant to everybody.
    CHECK (user_id IS NOT NULL OR org IS NOT NULL OR aal IS NOT NULL),
    CHECK ((trade_id IS NULL) = (contract_url IS NULL) AND (trade_id IS NULL) = (contract_type IS NULL))
) STRICT;

-- The same grant once. An empty text is never a condition, so it can stand for "not set"; a contract may have an empty
-- trade ID, so its presence is a column of its own.
CREATE UNIQUE INDEX grants_once ON grants (
    target, ifnull(user_id, ''), ifnull(org, ''), ifnull(aal, 0), ifnull(extras, ''),
    trade_id IS NULL, ifnull(trade_id, ''), ifnull(contract_url, ''), ifnull(contract_type, '')
);

-- Counts changes, whoever makes them: the connector decides from memory and looks here whether that is still right.
CREATE TABLE grant_revision (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO grant_revision (id, value) VALUES (1, 1);
CREATE TRIGGER grants_inserted AFTER INSERT ON grants BEGIN UPDATE grant_revision SET value = value + 1; END;
CREATE TRIGGER grants_updated AFTER UPDATE ON grants BEGIN UPDATE grant_revision SET value = value + 1; END;
CREATE TRIGGER grants_deleted AFTER DELETE ON grants BEGIN UPDATE grant_revision SET value = value + 1; END;

-- Who changed what.
CREATE TABLE grant_changes (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    at     TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('registered', 'removed')),
    actor  TEXT NOT NULL,
    -- The connector or service whose certificate the request came with.
    via    TEXT NOT NULL,
    -- The grant as JSON.
    content TEXT NOT NULL
) STRICT;
