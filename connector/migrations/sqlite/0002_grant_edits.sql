-- On which targets grants changed, under which number of the revision: whoever holds them in memory reads those again and no others.
-- Only the latest changes are kept; whoever has missed more reads everything.
CREATE TABLE grant_edits (
    revision INTEGER PRIMARY KEY,
    target   TEXT NOT NULL
) STRICT;

-- The same triggers as before, which now also tell where.
DROP TRIGGER grants_inserted;
DROP TRIGGER grants_updated;
DROP TRIGGER grants_deleted;

CREATE TRIGGER grants_inserted AFTER INSERT ON grants BEGIN
    UPDATE grant_revision SET value = value + 1;
    INSERT INTO grant_edits SELECT value, NEW.target FROM grant_revision;
    DELETE FROM grant_edits WHERE revision <= (SELECT value FROM grant_revision) - 4096;
END;

CREATE TRIGGER grants_deleted AFTER DELETE ON grants BEGIN
    UPDATE grant_revision SET value = value + 1;
    INSERT INTO grant_edits SELECT value, OLD.target FROM grant_revision;
    DELETE FROM grant_edits WHERE revision <= (SELECT value FROM grant_revision) - 4096;
END;

-- Two numbers: a grant that moves changes two targets.
CREATE TRIGGER grants_updated AFTER UPDATE ON grants BEGIN
    UPDATE grant_revision SET value = value + 2;
    INSERT INTO grant_edits SELECT value - 1, OLD.target FROM grant_revision;
    INSERT INTO grant_edits SELECT value, NEW.target FROM grant_revision;
    DELETE FROM grant_edits WHERE revision <= (SELECT value FROM grant_revision) - 4096;
END;
