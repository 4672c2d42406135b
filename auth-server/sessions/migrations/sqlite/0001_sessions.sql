-- Who is signed in at this process's screens. Times are microseconds since 1970-01-01T00:00:00Z.
CREATE TABLE screen_session (
    id_hash          BLOB PRIMARY KEY, -- SHA-256 of what the browser's cookie holds
    user_id          TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    used_at          INTEGER NOT NULL, -- to the minute
    ends_at          INTEGER NOT NULL, -- whatever is done
    tokens           BLOB NOT NULL,    -- sealed with a key that is not in the database
    version          INTEGER NOT NULL, -- goes up with each refresh
    refreshing_until INTEGER,          -- one who refreshes the tokens may take so long
    ended_at         INTEGER           -- signed out, and the authentication server is still to be told
) STRICT;
CREATE INDEX screen_session_user ON screen_session (user_id, used_at);
CREATE INDEX screen_session_used ON screen_session (used_at);
CREATE INDEX screen_session_ends ON screen_session (ends_at);
CREATE INDEX screen_session_ended ON screen_session (ended_at) WHERE ended_at IS NOT NULL;
