-- Serves no older build.
ALTER TABLE schema_migrations ADD COLUMN oldest_build INTEGER NULL;
