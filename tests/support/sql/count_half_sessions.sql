-- Sessions of nobody, ended without a reason or the other way round, rotated without a spent secret or the other way round.
SELECT COUNT(*) AS number
FROM sessions s
LEFT JOIN users u ON u.id = s.user_id
WHERE u.id IS NULL
    OR (s.ended_at IS NULL AND s.end_reason IS NOT NULL)
    OR (s.ended_at IS NOT NULL AND s.end_reason IS NULL)
    OR (s.rotated_at IS NULL AND s.previous_hash IS NOT NULL)
    OR (s.rotated_at IS NOT NULL AND s.previous_hash IS NULL)
    OR s.previous_hash = s.refresh_hash
    OR s.last_used_at < s.created_at
    OR s.expires_at <= s.last_used_at;
