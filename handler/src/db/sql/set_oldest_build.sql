-- @P1 int, @P2 int
UPDATE schema_migrations SET oldest_build = @P2 WHERE version = @P1;
