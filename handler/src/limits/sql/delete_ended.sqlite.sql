DELETE FROM rate_windows WHERE bucket IN (SELECT bucket FROM rate_windows WHERE ends_at <= @P1 LIMIT 1000);
