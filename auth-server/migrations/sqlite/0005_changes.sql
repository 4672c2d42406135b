-- How often registrations have changed: whoever holds them in memory sees by it that there is something to read again. Counted
-- here, so that no writer can leave it out.
INSERT INTO meta (key, value) VALUES ('changes', '0');
CREATE TRIGGER events_counted AFTER INSERT ON events
WHEN NEW.kind NOT IN ('certificate.issued', 'certificate.renewed')
BEGIN
    UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE key = 'changes';
END;
