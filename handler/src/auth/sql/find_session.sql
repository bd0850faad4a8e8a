-- @P1 uniqueidentifier, @P2 int
SELECT s.id, s.user_id, s.refresh_hash, s.previous_hash, s.rotated_at, s.created_at, s.expires_at,
    CASE WHEN s.ended_at IS NULL AND u.is_active = 1 THEN 0 ELSE 1 END AS ended
FROM sessions s
JOIN users u ON u.id = s.user_id
WHERE s.id = @P1 AND s.user_id = @P2;
