-- Two client ids that differ in case alone would be taken for one another: connectors are known by DNS names. The case of
-- ASCII, whatever the language of the database.
CREATE UNIQUE INDEX clients_client_id_folded ON clients (lower(client_id COLLATE "C"));
