-- @P1 int, @P2 date, @P3 date, @P4 date, @P5 date, @P6 int, @P7 int, @P8 nvarchar(200), @P9 nvarchar(200)
-- A page of the plans of somebody's connections in one city, the soonest start first. They start between the second and
-- the third parameter and end between the fourth and the fifth; then offset and limit, the key of a country or NULL,
-- and the key of the city. The total stands in every row, also in the one row of an empty page.
WITH friends AS (
    SELECT receiver_user_id AS id FROM connections WHERE requester_user_id = @P1 AND status = 'accepted'
    UNION ALL
    SELECT requester_user_id FROM connections WHERE receiver_user_id = @P1 AND status = 'accepted'
),
found AS (
    SELECT t.id, t.start_date
    FROM friends f
    JOIN users u ON u.id = f.id
    JOIN travel_plans t ON t.user_id = f.id
    WHERE u.is_active = 1
        AND t.start_date BETWEEN @P2 AND @P3 AND t.end_date BETWEEN @P4 AND @P5
        AND t.city_key = @P9 AND (@P8 IS NULL OR t.country_key = @P8)
)
SELECT n.total, t.id, t.user_id, t.city, t.country, t.start_date, t.end_date, t.description, t.created_at, t.updated_at,
    o.display_name AS user_display_name, o.profile_pic_url AS user_profile_pic_url, o.home_city AS user_home_city,
    o.home_country AS user_home_country
FROM (SELECT COUNT(*) AS total FROM found) n
LEFT JOIN (
    SELECT id FROM found ORDER BY start_date, id OFFSET @P6 ROWS FETCH NEXT @P7 ROWS ONLY
) p ON 1 = 1
LEFT JOIN travel_plans t ON t.id = p.id
LEFT JOIN users o ON o.id = t.user_id
ORDER BY t.start_date, t.id;
