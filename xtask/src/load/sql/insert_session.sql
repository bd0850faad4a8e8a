-- @P1 uniqueidentifier, @P2 int, @P3 varbinary(32), @P4 nvarchar(512), @P5 datetime2, @P6 datetime2
INSERT INTO sessions (id, user_id, refresh_hash, user_agent, created_at, last_used_at, expires_at)
VALUES (@P1, @P2, @P3, @P4, @P5, @P5, @P6);
