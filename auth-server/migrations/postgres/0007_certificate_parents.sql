-- The serial number of the certificate that a renewal followed; its own where it began a family. NULL where nobody wrote it down: those
-- count as renewals of every earlier certificate of their client.
ALTER TABLE certificates ADD COLUMN parent TEXT;
-- The registry tells for whom exactly this certificate is recorded.
CREATE INDEX certificates_sha256 ON certificates (sha256);
