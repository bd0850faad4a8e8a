WITH pairs AS (
    SELECT id, updated_at, receiver_user_id AS other_id
    FROM connections WHERE requester_user_id = @P1 AND status = 'accepted'
    UNION ALL
    SELECT id, updated_at, requester_user_id
    FROM connections WHERE receiver_user_id = @P1 AND status = 'accepted'
),
found AS (
    SELECT c.id, c.updated_at AS connected_since, u.id AS user_id, u.name_key, u.display_name AS user_display_name,
        u.profile_pic_url AS user_profile_pic_url, u.home_city AS user_home_city, u.home_country AS user_home_country
    FROM pairs c
    JOIN users u ON u.id = c.other_id
    WHERE u.is_active = 1
)
SELECT t.total, p.id, p.connected_since, p.user_id, p.user_display_name, p.user_profile_pic_url, p.user_home_city,
    p.user_home_country, s.city, s.country, s.end_date,
    (
        SELECT MIN(w.start_date) FROM travel_plans w WHERE w.user_id = p.user_id AND w.start_date > @P2
    ) AS next_start
FROM (SELECT COUNT(*) AS total FROM found) t
LEFT JOIN (
    SELECT * FROM found ORDER BY name_key, id LIMIT @P4 OFFSET @P3
) p ON 1 = 1
LEFT JOIN travel_plans s ON s.id = (
    SELECT w.id
    FROM travel_plans w
    WHERE w.user_id = p.user_id AND w.start_date <= @P2 AND w.end_date >= @P2
    ORDER BY w.start_date DESC, w.id DESC
    LIMIT 1
)
ORDER BY p.name_key, p.id;
