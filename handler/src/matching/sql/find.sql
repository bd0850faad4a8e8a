-- @P1 int, @P2 nvarchar(200), @P3 nvarchar(200), @P4 date, @P5 date
-- Whom of the first user's connections one meets in the city of this key, in the country of this key (NULL: in any), from the
-- first day to the last: one row a plan there that overlaps, and one for each who lives there and has no plan anywhere
-- that does (plan_id is NULL). Driven from the connections, each of which is a seek: CROSS JOIN keeps that order on SQLite.
WITH friends AS (
    SELECT c.receiver_user_id AS user_id FROM connections c WHERE c.requester_user_id = @P1 AND c.status = 'accepted'
    UNION ALL
    SELECT c.requester_user_id FROM connections c WHERE c.receiver_user_id = @P1 AND c.status = 'accepted'
),
meetings AS (
    SELECT f.user_id, t.id AS plan_id, t.start_date, t.end_date, t.description,
        CASE WHEN t.start_date > @P4 THEN t.start_date ELSE @P4 END AS meets_on
    FROM friends f
    CROSS JOIN travel_plans t
    WHERE t.user_id = f.user_id
        AND t.city_key = @P2 AND (@P3 IS NULL OR t.country_key = @P3)
        AND t.start_date <= @P5 AND t.end_date >= @P4
    UNION ALL
    SELECT f.user_id, NULL, NULL, NULL, NULL, @P4
    FROM friends f
    CROSS JOIN users h
    WHERE h.id = f.user_id
        AND h.home_city_key = @P2 AND (@P3 IS NULL OR h.home_country_key IS NULL OR h.home_country_key = @P3)
        AND NOT EXISTS (
            SELECT 1 FROM travel_plans a WHERE a.user_id = f.user_id AND a.start_date <= @P5 AND a.end_date >= @P4
        )
)
SELECT u.id AS user_id, u.display_name, u.profile_pic_url, u.home_city, u.home_country,
    m.plan_id, m.start_date, m.end_date, m.description
FROM meetings m
JOIN users u ON u.id = m.user_id
WHERE u.is_active = 1
ORDER BY m.meets_on, u.name_key, u.id, m.plan_id;
