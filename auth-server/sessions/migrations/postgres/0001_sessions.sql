-- Who is signed in at this process's screens.
CREATE TABLE screen_session (
    id_hash          bytea PRIMARY KEY,    -- SHA-256 of what the browser's cookie holds
    user_id          text COLLATE "C" NOT NULL,
    created_at       timestamptz NOT NULL,
    used_at          timestamptz NOT NULL, -- to the minute
    ends_at          timestamptz NOT NULL, -- whatever is done
    tokens           bytea NOT NULL,       -- sealed with a key that is not in the database
    version          bigint NOT NULL,      -- goes up with each refresh
    refreshing_until timestamptz,          -- one who refreshes the tokens may take so long
    ended_at         timestamptz           -- signed out, and the authentication server is still to be told
);
CREATE INDEX screen_session_user ON screen_session (user_id, used_at);
CREATE INDEX screen_session_used ON screen_session (used_at);
CREATE INDEX screen_session_ends ON screen_session (ends_at);
CREATE INDEX screen_session_ended ON screen_session (ended_at) WHERE ended_at IS NOT NULL;
