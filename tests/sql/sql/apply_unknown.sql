-- @P1 int, @P2 datetime2, @P3 nvarchar(64), @P4 int
-- A step that only another build knows.
INSERT INTO schema_migrations (version, name, checksum, applied_at, oldest_build) VALUES (@P1, @P3, @P3, @P2, @P4);
