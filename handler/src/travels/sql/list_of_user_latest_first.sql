-- @P1 int, @P2 date, @P3 date, @P4 date, @P5 date, @P6 int, @P7 int, @P8 int
-- The page of the first user's plans that list_latest_first.sql would answer, and how that user and the last one, who looks,
-- stand to each other. Nothing if there is no such user, or not any more.
WITH found AS (
    SELECT id, start_date
    FROM travel_plans
    WHERE user_id = @P1 AND start_date BETWEEN @P2 AND @P3 AND end_date BETWEEN @P4 AND @P5
)
SELECT
    CASE
        WHEN u.id = @P8 THEN 'self'
        WHEN c.status = 'accepted' THEN 'connected'
        WHEN c.status = 'pending' AND c.requester_user_id = @P8 THEN 'pending_sent'
        WHEN c.status = 'pending' THEN 'pending_received'
        ELSE 'none'
    END AS connection_status,
    n.total, t.id, t.user_id, t.city, t.country, t.start_date, t.end_date, t.description, t.created_at, t.updated_at
FROM users u
LEFT JOIN connections c
    ON c.user_low_id = CASE WHEN u.id < @P8 THEN u.id ELSE @P8 END
    AND c.user_high_id = CASE WHEN u.id < @P8 THEN @P8 ELSE u.id END
CROSS JOIN (SELECT COUNT(*) AS total FROM found) n
LEFT JOIN (
    SELECT id FROM found ORDER BY start_date DESC, id DESC OFFSET @P6 ROWS FETCH NEXT @P7 ROWS ONLY
) p ON 1 = 1
LEFT JOIN travel_plans t ON t.id = p.id
WHERE u.id = @P1 AND u.is_active = 1
ORDER BY t.start_date DESC, t.id DESC;
