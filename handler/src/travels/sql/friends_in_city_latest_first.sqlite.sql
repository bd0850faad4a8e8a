-- A CROSS JOIN keeps its order: from the connections to the plans of each.
WITH friends AS (
    SELECT receiver_user_id AS id FROM connections WHERE requester_user_id = @P1 AND status = 'accepted'
    UNION ALL
    SELECT requester_user_id FROM connections WHERE receiver_user_id = @P1 AND status = 'accepted'
),
found AS MATERIALIZED (
    SELECT t.id, t.start_date
    FROM friends f
    CROSS JOIN users u
    CROSS JOIN travel_plans t
    WHERE u.id = f.id AND u.is_active = 1 AND t.user_id = f.id
        AND t.start_date BETWEEN @P2 AND @P3 AND t.end_date BETWEEN @P4 AND @P5
        AND t.city_key = @P9 AND (@P8 IS NULL OR t.country_key = @P8)
)
SELECT n.total, t.id, t.user_id, t.city, t.country, t.start_date, t.end_date, t.description, t.created_at, t.updated_at,
    o.display_name AS user_display_name, o.profile_pic_url AS user_profile_pic_url, o.home_city AS user_home_city,
    o.home_country AS user_home_country
FROM (SELECT COUNT(*) AS total FROM found) n
LEFT JOIN (
    SELECT id FROM found ORDER BY start_date DESC, id DESC LIMIT @P7 OFFSET @P6
) p ON 1 = 1
LEFT JOIN travel_plans t ON t.id = p.id
LEFT JOIN users o ON o.id = t.user_id
ORDER BY t.start_date DESC, t.id DESC;
