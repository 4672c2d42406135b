-- The history ends where it is kept no longer: what is older may be removed, and nothing else.
CREATE TABLE history_end (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    at       timestamptz NOT NULL
);
INSERT INTO history_end (at) VALUES ('1970-01-01T00:00:00Z');

CREATE FUNCTION change_is_not_removed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF OLD.at >= (SELECT at FROM history_end) THEN
        RAISE EXCEPTION 'the history is not altered';
    END IF;
    RETURN OLD;
END $$;

DROP TRIGGER change_is_not_altered ON change;
CREATE TRIGGER change_is_not_altered BEFORE UPDATE ON change
FOR EACH ROW EXECUTE FUNCTION change_is_not_altered();
CREATE TRIGGER change_is_not_removed BEFORE DELETE ON change
FOR EACH ROW EXECUTE FUNCTION change_is_not_removed();
