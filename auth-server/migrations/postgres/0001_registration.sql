-- Hashes are SHA-256. Lists are JSON. Constraints have names: a violation is told apart by them.

CREATE TABLE meta (
    key   text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE participants (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL,
    name       text NOT NULL,
    number     text NOT NULL CONSTRAINT participants_number UNIQUE,
    email      text,
    state      text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE users (
    id                  uuid PRIMARY KEY,
    user_id             text NOT NULL CONSTRAINT users_user_id UNIQUE,
    participant         uuid NOT NULL REFERENCES participants (id),
    name                text NOT NULL,
    email               text,
    roles               jsonb NOT NULL,
    extras              text,
    state               text NOT NULL,
    password_hash       text,
    password_changed_at timestamptz,
    created_at          timestamptz NOT NULL
);
-- Two IDs that differ in case alone name one user. The case of ASCII, whatever the language of the database.
CREATE UNIQUE INDEX users_user_id_folded ON users (lower(user_id COLLATE "C"));
CREATE INDEX users_participant ON users (participant);

CREATE TABLE user_orgs (
    user_id  text NOT NULL REFERENCES users (user_id),
    org      text NOT NULL REFERENCES users (user_id),
    position bigint NOT NULL,
    PRIMARY KEY (user_id, org)
);

-- Connectors, services and applications share one space of client ids.
CREATE TABLE clients (
    client_id        text CONSTRAINT clients_client_id PRIMARY KEY,
    kind             text NOT NULL,
    name             text NOT NULL,
    user_id          text REFERENCES users (user_id),
    secret_hash      bytea CHECK (octet_length(secret_hash) = 32),
    secret_on_public boolean NOT NULL,
    grants           jsonb NOT NULL,
    connector_role   text,
    base_url         text CONSTRAINT clients_base_url UNIQUE,
    service_kind     text,
    state            text NOT NULL,
    created_at       timestamptz NOT NULL
);
CREATE INDEX clients_user ON clients (user_id);

CREATE TABLE events (
    id         uuid PRIMARY KEY,
    at         timestamptz NOT NULL,
    actor      text NOT NULL,
    kind       text NOT NULL,
    subject    text NOT NULL,
    reason     text,
    request_id text
);
