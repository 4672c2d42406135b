-- The history ends where it is kept no longer: what is older may be removed, and nothing else.
CREATE TABLE history_end (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    at_us INTEGER NOT NULL
) STRICT;
INSERT INTO history_end (id, at_us) VALUES (1, 0);

DROP TRIGGER change_is_not_removed;
CREATE TRIGGER change_is_not_removed BEFORE DELETE ON change
WHEN OLD.at_us >= (SELECT at_us FROM history_end)
BEGIN SELECT RAISE(ABORT, 'the history is not altered'); END;
