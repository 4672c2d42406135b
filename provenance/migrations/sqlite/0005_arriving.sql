-- Events that arrived after more others that name them than are told at once: they are told step by step.
CREATE TABLE arriving(
  prev_id TEXT NOT NULL PRIMARY KEY,
  idx INTEGER NOT NULL,
  actor TEXT NOT NULL                   -- who submitted it, as the core states it
) STRICT, WITHOUT ROWID;
