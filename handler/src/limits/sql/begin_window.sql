-- @P1 nvarchar(64), @P2 int, @P3 datetime2
INSERT INTO rate_windows (bucket, hits, ends_at) VALUES (@P1, @P2, @P3);
