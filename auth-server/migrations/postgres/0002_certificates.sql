-- A key belongs to one client for ever: whoever holds it can act as that client.
CREATE TABLE certified_keys (
    spki_sha256 bytea PRIMARY KEY CHECK (octet_length(spki_sha256) = 32),
    client_id   text NOT NULL REFERENCES clients (client_id),
    compromised boolean NOT NULL DEFAULT false
);

-- The number of the last certificate. Whoever records one takes the next and with it the row's lock, so numbers are committed
-- in their order, and a page of certificates never overlooks one that comes later.
CREATE TABLE last_certificate (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    seq      bigint NOT NULL
);
INSERT INTO last_certificate (seq) VALUES (0);

CREATE TABLE certificates (
    seq         bigint PRIMARY KEY,
    serial      text NOT NULL CONSTRAINT certificates_serial UNIQUE,
    client_id   text NOT NULL REFERENCES clients (client_id),
    spki_sha256 bytea NOT NULL REFERENCES certified_keys (spki_sha256),
    sha256      bytea NOT NULL,
    chain_pem   text NOT NULL,
    issued_here boolean NOT NULL,
    not_before  timestamptz NOT NULL,
    not_after   timestamptz NOT NULL,
    revoked_at  timestamptz
);
CREATE INDEX certificates_client ON certificates (client_id, seq);
CREATE INDEX certificates_revoked ON certificates (not_after) WHERE revoked_at IS NOT NULL;

CREATE TABLE enrolment_codes (
    hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    client_id  text NOT NULL REFERENCES clients (client_id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- The certificate that the code was spent on.
    serial     text REFERENCES certificates (serial)
);
CREATE INDEX enrolment_codes_client ON enrolment_codes (client_id);
