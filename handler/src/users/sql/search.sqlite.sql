WITH found AS (
    SELECT w.user_id AS id, w.name_key
    FROM user_words w
    WHERE w.word >= @P3 AND w.word < @P3 || char(1114111) AND w.user_id <> @P1
        AND w.user_id NOT IN (SELECT i.id FROM users i WHERE i.is_active = 0)
        AND (@P2 = '[]' OR NOT EXISTS (
            SELECT 1 FROM json_each(@P2) q
            WHERE NOT EXISTS (
                SELECT 1 FROM user_words o
                WHERE o.user_id = w.user_id AND o.word >= q.value AND o.word < q.value || char(1114111)
            )
        ))
    UNION
    SELECT e.id, e.name_key FROM users e WHERE e.email_key = @P4 AND e.is_active = 1 AND e.id <> @P1
)
SELECT t.total, u.id, u.display_name, u.bio, u.profile_pic_url, u.home_city, u.home_country, u.created_at,
    CASE
        WHEN c.status = 'accepted' THEN 'connected'
        WHEN c.status = 'pending' AND c.requester_user_id = @P1 THEN 'pending_sent'
        WHEN c.status = 'pending' THEN 'pending_received'
        ELSE 'none'
    END AS connection_status
FROM (SELECT COUNT(*) AS total FROM found) t
LEFT JOIN (
    SELECT id FROM found ORDER BY name_key, id LIMIT @P6 OFFSET @P5
) p ON 1 = 1
LEFT JOIN users u ON u.id = p.id
LEFT JOIN connections c
    ON c.user_low_id = CASE WHEN p.id < @P1 THEN p.id ELSE @P1 END
    AND c.user_high_id = CASE WHEN p.id < @P1 THEN @P1 ELSE p.id END
ORDER BY u.name_key, u.id;
