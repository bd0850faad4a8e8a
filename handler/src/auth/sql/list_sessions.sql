-- @P1 int, @P2 datetime2, @P3 int, @P4 int
-- The live sessions of a user at this instant (offset and limit last), latest first; the total stands in every row, also in the one
-- row of an empty page.
SELECT t.total, p.id, p.created_at, p.last_used_at, p.expires_at, p.user_agent
FROM (
    SELECT COUNT(*) AS total FROM sessions WHERE user_id = @P1 AND ended_at IS NULL AND expires_at > @P2
) t
LEFT JOIN (
    SELECT id, created_at, last_used_at, expires_at, user_agent
    FROM sessions
    WHERE user_id = @P1 AND ended_at IS NULL AND expires_at > @P2
    ORDER BY created_at DESC, id
    OFFSET @P3 ROWS FETCH NEXT @P4 ROWS ONLY
) p ON 1 = 1
ORDER BY p.created_at DESC, p.id;
