-- Where people are sent back to who sign in or out, as JSON; none for clients of before.
ALTER TABLE clients ADD COLUMN redirects TEXT;
