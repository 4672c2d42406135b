-- What changed with which of the changes that are counted: whoever holds registrations in memory reads those again and no others.
-- Only the latest are kept; whoever has missed more reads everything.
CREATE TABLE registration_edits (
    change  bigint PRIMARY KEY,
    kind    text NOT NULL,
    subject text NOT NULL
);

-- What the trigger of before calls; it now also tells what. The row of `meta` is still the last that a transaction waits for.
CREATE OR REPLACE FUNCTION count_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    latest bigint;
BEGIN
    UPDATE meta SET value = (value::int8 + 1)::text WHERE key = 'changes' RETURNING value::int8 INTO latest;
    INSERT INTO registration_edits VALUES (latest, NEW.kind, NEW.subject);
    DELETE FROM registration_edits WHERE change <= latest - 4096;
    RETURN NULL;
END;
$$;
