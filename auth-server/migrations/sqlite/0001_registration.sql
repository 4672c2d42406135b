-- Times are microseconds since 1970-01-01T00:00:00Z. Hashes are SHA-256. Lists are JSON.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE participants (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    number     TEXT NOT NULL,
    email      TEXT,
    state      TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX participants_number ON participants (number);

CREATE TABLE users (
    id                  TEXT PRIMARY KEY,
    user_id             TEXT NOT NULL UNIQUE,
    participant         TEXT NOT NULL REFERENCES participants (id),
    name                TEXT NOT NULL,
    email               TEXT,
    roles               TEXT NOT NULL,
    extras              TEXT,
    state               TEXT NOT NULL,
    password_hash       TEXT,
    password_changed_at INTEGER,
    created_at          INTEGER NOT NULL
) STRICT;
-- Two IDs that differ in case alone name one user.
CREATE UNIQUE INDEX users_user_id_folded ON users (lower(user_id));
CREATE INDEX users_participant ON users (participant);

CREATE TABLE user_orgs (
    user_id  TEXT NOT NULL REFERENCES users (user_id),
    org      TEXT NOT NULL REFERENCES users (user_id),
    position INTEGER NOT NULL,
    PRIMARY KEY (user_id, org)
) STRICT, WITHOUT ROWID;

-- Connectors, services and applications share one space of client ids.
CREATE TABLE clients (
    client_id        TEXT PRIMARY KEY,
    kind             TEXT NOT NULL,
    name             TEXT NOT NULL,
    user_id          TEXT REFERENCES users (user_id),
    secret_hash      BLOB,
    secret_on_public INTEGER NOT NULL,
    grants           TEXT NOT NULL,
    connector_role   TEXT,
    base_url         TEXT,
    service_kind     TEXT,
    state            TEXT NOT NULL,
    created_at       INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX clients_base_url ON clients (base_url) WHERE base_url IS NOT NULL;
CREATE INDEX clients_user ON clients (user_id);

CREATE TABLE events (
    id         TEXT PRIMARY KEY,
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    reason     TEXT,
    request_id TEXT
) STRICT, WITHOUT ROWID;
