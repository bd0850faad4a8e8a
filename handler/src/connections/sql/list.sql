-- @P1 int, @P2 date, @P3 int, @P4 int
-- The people whom somebody is connected with, by name, each with the plan that counts on the day given and the start of
-- the first one after that day (offset and limit last). The total stands in every row, also in the one row of an empty
-- page.
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
    p.user_home_country, s.city, s.country, s.end_date, n.next_start
FROM (SELECT COUNT(*) AS total FROM found) t
LEFT JOIN (
    SELECT * FROM found ORDER BY name_key, id OFFSET @P3 ROWS FETCH NEXT @P4 ROWS ONLY
) p ON 1 = 1
OUTER APPLY (
    SELECT TOP (1) w.city, w.country, w.end_date
    FROM travel_plans w
    WHERE w.user_id = p.user_id AND w.start_date <= @P2 AND w.end_date >= @P2
    ORDER BY w.start_date DESC, w.id DESC
) s
OUTER APPLY (
    SELECT MIN(w.start_date) AS next_start FROM travel_plans w WHERE w.user_id = p.user_id AND w.start_date > @P2
) n
ORDER BY p.name_key, p.id;
