-- What a connector speaks. Registrations from before there were profiles have none.
ALTER TABLE clients ADD COLUMN profile TEXT;

-- What an application is for, as JSON; none is the ordinary one. The operator's application, which `init` made, manages the
-- servers.
ALTER TABLE clients ADD COLUMN purpose TEXT;
UPDATE clients SET purpose = '{"kind":"management","servers":true}' WHERE client_id = 'operator' AND kind = 'app';

-- Which token replaced this one, sealed with a key that only the token itself gives, until its grace is over.
ALTER TABLE refresh_tokens ADD COLUMN successor BLOB;
CREATE INDEX refresh_tokens_sealed ON refresh_tokens (used_at) WHERE successor IS NOT NULL;
