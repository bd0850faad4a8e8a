-- Serves no older build.
-- From now on a step says which builds may still be served from the schema with it: those whose newest migration is this one
-- or a later one. NULL: none that lacks the step.
ALTER TABLE schema_migrations ADD oldest_build INT NULL;
