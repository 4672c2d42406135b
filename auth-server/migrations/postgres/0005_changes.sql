-- How often registrations have changed: whoever holds them in memory sees by it that there is something to read again. Counted
-- here, so that no writer can leave it out. An event is the last that a transaction writes, so this row is the last that it
-- locks.
INSERT INTO meta (key, value) VALUES ('changes', '0');
CREATE FUNCTION count_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE meta SET value = (value::int8 + 1)::text WHERE key = 'changes';
    RETURN NULL;
END;
$$;
CREATE TRIGGER events_counted AFTER INSERT ON events FOR EACH ROW
WHEN (NEW.kind NOT IN ('certificate.issued', 'certificate.renewed'))
EXECUTE FUNCTION count_event();
