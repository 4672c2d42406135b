-- What a draft's provider has of it (JSON), and the id of the dataset there.
ALTER TABLE draft ADD COLUMN site TEXT;
ALTER TABLE draft ADD COLUMN site_dataset TEXT;
-- How it was published last (JSON).
ALTER TABLE draft ADD COLUMN publication TEXT;

CREATE UNIQUE INDEX draft_of_dataset ON draft (provider, site_dataset) WHERE site_dataset IS NOT NULL;
