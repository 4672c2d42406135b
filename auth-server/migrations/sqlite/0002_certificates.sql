-- A key belongs to one client for ever: whoever holds it can act as that client.
CREATE TABLE certified_keys (
    spki_sha256 BLOB PRIMARY KEY,
    client_id   TEXT NOT NULL REFERENCES clients (client_id),
    compromised INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE certificates (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    serial      TEXT NOT NULL UNIQUE,
    client_id   TEXT NOT NULL REFERENCES clients (client_id),
    spki_sha256 BLOB NOT NULL REFERENCES certified_keys (spki_sha256),
    sha256      BLOB NOT NULL,
    chain_pem   TEXT NOT NULL,
    issued_here INTEGER NOT NULL,
    not_before  INTEGER NOT NULL,
    not_after   INTEGER NOT NULL,
    revoked_at  INTEGER
) STRICT;
CREATE INDEX certificates_client ON certificates (client_id);
CREATE INDEX certificates_revoked ON certificates (not_after) WHERE revoked_at IS NOT NULL;

CREATE TABLE enrolment_codes (
    hash       BLOB PRIMARY KEY,
    client_id  TEXT NOT NULL REFERENCES clients (client_id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- The certificate that the code was spent on.
    serial     TEXT REFERENCES certificates (serial)
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolment_codes_client ON enrolment_codes (client_id);
