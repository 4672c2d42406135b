-- What changed with which of the changes that are counted: whoever holds registrations in memory reads those again and no others.
-- Only the latest are kept; whoever has missed more reads everything.
CREATE TABLE registration_edits (
    change  INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL
) STRICT;

-- The same trigger as before, which now also tells what.
DROP TRIGGER events_counted;
CREATE TRIGGER events_counted AFTER INSERT ON events
WHEN NEW.kind NOT IN ('certificate.issued', 'certificate.renewed')
BEGIN
    UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE key = 'changes';
    INSERT INTO registration_edits
    SELECT CAST(value AS INTEGER), NEW.kind, NEW.subject FROM meta WHERE key = 'changes';
    DELETE FROM registration_edits
    WHERE change <= (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'changes') - 4096;
END;
