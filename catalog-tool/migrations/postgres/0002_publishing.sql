-- What a draft's provider has of it, and the id of the dataset there.
ALTER TABLE draft ADD COLUMN site jsonb;
ALTER TABLE draft ADD COLUMN site_dataset uuid;
-- How it was published last.
ALTER TABLE draft ADD COLUMN publication jsonb;

CREATE UNIQUE INDEX draft_of_dataset ON draft (provider, site_dataset) WHERE site_dataset IS NOT NULL;
