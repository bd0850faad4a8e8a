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
    SELECT id FROM found ORDER BY start_date DESC, id DESC LIMIT @P7 OFFSET @P6
) p ON 1 = 1
LEFT JOIN travel_plans t ON t.id = p.id
WHERE u.id = @P1 AND u.is_active = 1
ORDER BY t.start_date DESC, t.id DESC;
