-- What the version b854c4c kept after a trial's first exchanges.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations VALUES(1,'grants','2026-11-30 16:28:46',1,X'902e7bb9329d8b58e54a224b444cb428ac08513049690cb5cc01f87f997f9b207180145a63a2121aabd74d58ec1de4fd',19352695);
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
INSERT INTO grants VALUES(1,'http://127.0.0.1:23423/domain-b-rivers/gauges.json','cadde.7999900000010.01',NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-30T16:28:49.259Z');
INSERT INTO grants VALUES(2,'http://127.0.0.1:23423/domain-b-rivers/gauges.json','cadde.3999900000030.01',NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-30T16:28:49.259Z');
INSERT INTO grants VALUES(3,'http://127.0.0.1:23423/domain-b-rivers/levels.csv','cadde.3999900000030.01',NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-30T16:28:49.259Z');
INSERT INTO grants VALUES(4,'http://127.0.0.1:23423/domain-b-rivers/levels.csv','cadde.7999900000010.01',NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-30T16:28:49.259Z');
CREATE TABLE grant_revision (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO grant_revision VALUES(1,5);
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
INSERT INTO grant_changes VALUES(1,'2026-11-30T16:28:49.259Z','registered','cadde.5999900000020.01','tool.kakehashi.example','{"target":"http://127.0.0.1:23423/domain-b-rivers/gauges.json","assignee":{"user":"cadde.7999900000010.01"},"contract":null}');
INSERT INTO grant_changes VALUES(2,'2026-11-30T16:28:49.259Z','registered','cadde.5999900000020.01','tool.kakehashi.example','{"target":"http://127.0.0.1:23423/domain-b-rivers/gauges.json","assignee":{"user":"cadde.3999900000030.01"},"contract":null}');
INSERT INTO grant_changes VALUES(3,'2026-11-30T16:28:49.259Z','registered','cadde.5999900000020.01','tool.kakehashi.example','{"target":"http://127.0.0.1:23423/domain-b-rivers/levels.csv","assignee":{"user":"cadde.3999900000030.01"},"contract":null}');
INSERT INTO grant_changes VALUES(4,'2026-11-30T16:28:49.259Z','registered','cadde.5999900000020.01','tool.kakehashi.example','{"target":"http://127.0.0.1:23423/domain-b-rivers/levels.csv","assignee":{"user":"cadde.7999900000010.01"},"contract":null}');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('grants',4);
INSERT INTO sqlite_sequence VALUES('grant_changes',4);
CREATE UNIQUE INDEX grants_once ON grants (
    target, ifnull(user_id, ''), ifnull(org, ''), ifnull(aal, 0), ifnull(extras, ''),
    trade_id IS NULL, ifnull(trade_id, ''), ifnull(contract_url, ''), ifnull(contract_type, '')
);
CREATE TRIGGER grants_inserted AFTER INSERT ON grants BEGIN UPDATE grant_revision SET value = value + 1; END;
CREATE TRIGGER grants_updated AFTER UPDATE ON grants BEGIN UPDATE grant_revision SET value = value + 1; END;
CREATE TRIGGER grants_deleted AFTER DELETE ON grants BEGIN UPDATE grant_revision SET value = value + 1; END;
COMMIT;
