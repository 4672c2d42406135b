-- People who signed in at the login page. Of what the browser has the hash alone is kept.
CREATE TABLE login_sessions (
    hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    user_id    text NOT NULL REFERENCES users (user_id),
    created_at timestamptz NOT NULL,
    -- Until when it counts unless it is used, and at most.
    idle_until timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL
);
CREATE INDEX login_sessions_user ON login_sessions (user_id);
CREATE INDEX login_sessions_idle ON login_sessions (idle_until);

-- Codes on their way to a client. One that was shown is gone; the family that began with it remembers it.
CREATE TABLE authorization_codes (
    hash          bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    login_session bytea NOT NULL REFERENCES login_sessions (hash) ON DELETE CASCADE,
    client_id     text NOT NULL REFERENCES clients (client_id),
    redirect_uri  text NOT NULL,
    challenge     bytea NOT NULL CHECK (octet_length(challenge) = 32),
    nonce         text,
    scope         text,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL
);
CREATE INDEX authorization_codes_session ON authorization_codes (login_session);
CREATE INDEX authorization_codes_expiry ON authorization_codes (expires_at);

-- With which code a family began, and by which session at the login page, which may have ended since.
ALTER TABLE token_families ADD COLUMN code bytea;
ALTER TABLE token_families ADD COLUMN login_session bytea;
CREATE UNIQUE INDEX token_families_code ON token_families (code) WHERE code IS NOT NULL;
CREATE INDEX token_families_session ON token_families (login_session) WHERE login_session IS NOT NULL;
