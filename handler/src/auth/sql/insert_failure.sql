-- @P1 varbinary(32), @P2 nvarchar(64), @P3 datetime2
INSERT INTO login_failures (email_hash, address, failed_at) VALUES (@P1, @P2, @P3);
