-- @P1 nvarchar(64), @P2 int, @P3 datetime2, @P4 datetime2
SELECT w.ends_at FROM rate_windows w WHERE w.bucket = @P1 AND w.hits >= @P2 AND w.ends_at > @P3 AND w.ends_at <= @P4;
