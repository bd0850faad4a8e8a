INSERT INTO rate_windows (bucket, hits, ends_at) VALUES (@P1, @P2, @P4)
ON CONFLICT (bucket) DO UPDATE SET
    hits = CASE WHEN ends_at > @P3 AND ends_at <= @P5 THEN hits + @P2 ELSE @P2 END,
    ends_at = CASE WHEN ends_at > @P3 AND ends_at <= @P5 THEN ends_at ELSE @P4 END;
SELECT c.hits, c.ends_at, l.profile_version, l.plans_version, l.notifications_version
FROM rate_windows c
LEFT JOIN (
    SELECT u.profile_version, u.plans_version, u.notifications_version
    FROM sessions s
    JOIN users u ON u.id = s.user_id
    WHERE s.id = @P6 AND s.user_id = @P7 AND s.ended_at IS NULL AND s.expires_at > @P3 AND u.is_active = 1
) l ON 1 = 1
WHERE c.bucket = @P1;
