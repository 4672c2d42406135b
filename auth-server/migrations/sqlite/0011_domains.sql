-- The domain that a participant belongs to, as JSON; none where nobody has said it.
ALTER TABLE participants ADD COLUMN domain TEXT;
