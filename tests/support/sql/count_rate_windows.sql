SELECT COUNT(*) AS number FROM rate_windows;
