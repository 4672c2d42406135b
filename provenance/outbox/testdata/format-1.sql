-- Version 1 of the outbox's file, after its first start.
CREATE TABLE record(
  event_id BLOB PRIMARY KEY CHECK(length(event_id) = 16),
  instance INTEGER NOT NULL,     -- start of the process that reserved it, counted in `start`
  state INTEGER NOT NULL CHECK(state BETWEEN 0 AND 2), -- 0 reserved, 1 completed, 2 aborted
  at_ms INTEGER NOT NULL,        -- when it was reserved; once ended, when it ended
  request BLOB NOT NULL,         -- the reservation as JSON; once ended, the exact batch item
  resource TEXT,                 -- what was fetched, for people
  parked TEXT                    -- why the ledger refused it for good
) STRICT, WITHOUT ROWID;
CREATE TABLE delivered(
  day INTEGER NOT NULL,          -- day of delivery, counted from 1970-01-01
  event_id BLOB NOT NULL CHECK(length(event_id) = 16),
  receipt BLOB NOT NULL,         -- the ledger's receipt as JSON
  PRIMARY KEY(day, event_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE start(n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;
PRAGMA user_version = 1;
INSERT INTO start(at_ms) VALUES (1735689600000);
