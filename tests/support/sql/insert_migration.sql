-- @P1 int, @P2 nvarchar(100), @P3 nvarchar(64), @P4 datetime2, @P5 int
INSERT INTO schema_migrations (version, name, checksum, applied_at, oldest_build) VALUES (@P1, @P2, @P3, @P4, @P5);
