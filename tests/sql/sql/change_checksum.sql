-- @P1 int, @P2 nvarchar(64)
UPDATE schema_migrations SET checksum = @P2 WHERE version = @P1;
