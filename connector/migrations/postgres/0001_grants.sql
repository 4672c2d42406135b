-- Grants (認可): who may fetch which resource of this provider.
CREATE TABLE grants (
    -- Order of registration: of several matching grants with a contract the last one counts. Whoever registers holds the lock
    -- of `grant_revision`, so numbers are committed in their order.
    seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target        text NOT NULL CHECK (target <> ''),
    user_id       text CHECK (user_id <> ''),
    org           text CHECK (org <> ''),
    aal           smallint CHECK (aal BETWEEN 1 AND 3),
    extras        text CHECK (extras <> ''),
    trade_id      text,
    contract_url  text,
    contract_type text,
    registered_at timestamptz NOT NULL,
    -- A grant to nobody in particular would be a grant to everybody.
    CHECK (user_id IS NOT NULL OR org IS NOT NULL OR aal IS NOT NULL),
    CHECK ((trade_id IS NULL) = (contract_url IS NULL) AND (trade_id IS NULL) = (contract_type IS NULL))
);

-- The same grant once. An empty text is never a condition, so it can stand for "not set"; a contract may have an empty
-- trade ID, so its presence is a column of its own.
CREATE UNIQUE INDEX grants_once ON grants (
    target, coalesce(user_id, ''), coalesce(org, ''), coalesce(aal, 0), coalesce(extras, ''),
    (trade_id IS NULL), coalesce(trade_id, ''), coalesce(contract_url, ''), coalesce(contract_type, '')
);

-- Counts changes, whoever makes them: the connector decides from memory and looks here whether that is still right.
CREATE TABLE grant_revision (
    id    smallint PRIMARY KEY CHECK (id = 1),
    value bigint NOT NULL
);
INSERT INTO grant_revision (id, value) VALUES (1, 1);

CREATE FUNCTION count_grant_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE grant_revision SET value = value + 1; RETURN NULL; END $$;

CREATE TRIGGER grants_changed AFTER INSERT OR UPDATE OR DELETE ON grants
FOR EACH ROW EXECUTE FUNCTION count_grant_change();

CREATE TRIGGER grants_emptied AFTER TRUNCATE ON grants
FOR EACH STATEMENT EXECUTE FUNCTION count_grant_change();

-- Who changed what.
CREATE TABLE grant_changes (
    seq     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    action  text NOT NULL CHECK (action IN ('registered', 'removed')),
    actor   text NOT NULL,
    -- The connector or service whose certificate the request came with.
    via     text NOT NULL,
    -- The grant.
    content jsonb NOT NULL
);
