-- Where people are sent back to who sign in or out; none for clients of before.
ALTER TABLE clients ADD COLUMN redirects jsonb;
