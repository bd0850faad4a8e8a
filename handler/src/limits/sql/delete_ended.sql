-- @P1 datetime2
DELETE TOP (1000) FROM rate_windows WHERE ends_at <= @P1;
