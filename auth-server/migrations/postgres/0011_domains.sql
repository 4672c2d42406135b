-- The domain that a participant belongs to; none where nobody has said it.
ALTER TABLE participants ADD COLUMN domain jsonb;
