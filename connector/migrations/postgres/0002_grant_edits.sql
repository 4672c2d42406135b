-- On which targets grants changed, under which number of the revision: whoever holds them in memory reads those again and no others.
-- Only the latest changes are kept; whoever has missed more, or a TRUNCATE, reads everything.
CREATE TABLE grant_edits (
    revision bigint PRIMARY KEY,
    target   text NOT NULL
);

-- What the triggers of before call; it now also tells where.
CREATE OR REPLACE FUNCTION count_grant_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    latest bigint;
BEGIN
    -- Two numbers for an update: a grant that moves changes two targets.
    UPDATE grant_revision SET value = value + CASE TG_OP WHEN 'UPDATE' THEN 2 ELSE 1 END RETURNING value INTO latest;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO grant_edits VALUES (latest - 1, OLD.target), (latest, NEW.target);
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO grant_edits VALUES (latest, NEW.target);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO grant_edits VALUES (latest, OLD.target);
    END IF;
    DELETE FROM grant_edits WHERE revision <= latest - 4096;
    RETURN NULL;
END $$;
