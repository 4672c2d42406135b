-- People who signed in at the login page. Of what the browser has the hash alone is kept.
CREATE TABLE login_sessions (
    hash       BLOB PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (user_id),
    created_at INTEGER NOT NULL,
    -- Until when it counts unless it is used, and at most.
    idle_until INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_sessions_user ON login_sessions (user_id);
CREATE INDEX login_sessions_idle ON login_sessions (idle_until);

-- Codes on their way to a client. One that was shown is gone; the family that began with it remembers it.
CREATE TABLE authorization_codes (
    hash          BLOB PRIMARY KEY,
    login_session BLOB NOT NULL REFERENCES login_sessions (hash) ON DELETE CASCADE,
    client_id     TEXT NOT NULL REFERENCES clients (client_id),
    redirect_uri  TEXT NOT NULL,
    challenge     BLOB NOT NULL,
    nonce         TEXT,
    scope         TEXT,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX authorization_codes_session ON authorization_codes (login_session);
CREATE INDEX authorization_codes_expiry ON authorization_codes (expires_at);

-- With which code a family began, and by which session at the login page, which may have ended since.
ALTER TABLE token_families ADD COLUMN code BLOB;
ALTER TABLE token_families ADD COLUMN login_session BLOB;
CREATE UNIQUE INDEX token_families_code ON token_families (code) WHERE code IS NOT NULL;
CREATE INDEX token_families_session ON token_families (login_session) WHERE login_session IS NOT NULL;
