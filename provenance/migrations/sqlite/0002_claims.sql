-- Records under an id that another actor's record has already; their own `record.id` is one that the ledger gave. Ids of version 7
-- say nothing of their owner, so that both are kept.
CREATE TABLE claim(
  idx INTEGER PRIMARY KEY,              -- the later record
  id TEXT NOT NULL                      -- the id that it was delivered under
) STRICT;
CREATE INDEX claim_id ON claim(id);
