-- @P1 int, @P2 int
-- The plan, and how the second user stands to it; with its owner, whom of its connections it meets by it: as find.sql, in the
-- place and on the days of the plan. A plan without a match has one row, in which user_id is NULL.
WITH own AS (
    SELECT t.id, t.user_id, t.city, t.country, t.city_key, t.country_key, t.start_date, t.end_date,
        CASE
            WHEN t.user_id = @P2 THEN 'owner'
            WHEN EXISTS (SELECT 1 FROM connections c WHERE c.status = 'accepted'
                AND c.requester_user_id = t.user_id AND c.receiver_user_id = @P2) THEN 'connection'
            WHEN EXISTS (SELECT 1 FROM connections c WHERE c.status = 'accepted'
                AND c.requester_user_id = @P2 AND c.receiver_user_id = t.user_id) THEN 'connection'
            ELSE 'stranger'
        END AS standing
    FROM travel_plans t
    JOIN users o ON o.id = t.user_id
    WHERE t.id = @P1 AND o.is_active = 1
),
friends AS (
    SELECT c.receiver_user_id AS user_id FROM connections c WHERE c.requester_user_id = @P2 AND c.status = 'accepted'
    UNION ALL
    SELECT c.requester_user_id FROM connections c WHERE c.receiver_user_id = @P2 AND c.status = 'accepted'
),
meetings AS (
    SELECT f.user_id, t.id AS plan_id, t.start_date, t.end_date, t.description,
        CASE WHEN t.start_date > w.start_date THEN t.start_date ELSE w.start_date END AS meets_on
    FROM own w
    CROSS JOIN friends f
    CROSS JOIN travel_plans t
    WHERE w.standing = 'owner' AND t.user_id = f.user_id
        AND t.city_key = w.city_key AND t.country_key = w.country_key
        AND t.start_date <= w.end_date AND t.end_date >= w.start_date
    UNION ALL
    SELECT f.user_id, NULL, NULL, NULL, NULL, w.start_date
    FROM own w
    CROSS JOIN friends f
    CROSS JOIN users h
    WHERE w.standing = 'owner' AND h.id = f.user_id
        AND h.home_city_key = w.city_key AND (h.home_country_key IS NULL OR h.home_country_key = w.country_key)
        AND NOT EXISTS (
            SELECT 1 FROM travel_plans a
            WHERE a.user_id = f.user_id AND a.start_date <= w.end_date AND a.end_date >= w.start_date
        )
)
SELECT w.id AS own_id, w.city AS own_city, w.country AS own_country, w.start_date AS own_start_date,
    w.end_date AS own_end_date, w.standing,
    m.user_id, m.display_name, m.profile_pic_url, m.home_city, m.home_country,
    m.plan_id, m.start_date, m.end_date, m.description
FROM own w
LEFT JOIN (
    SELECT u.id AS user_id, u.display_name, u.name_key, u.profile_pic_url, u.home_city, u.home_country,
        n.plan_id, n.start_date, n.end_date, n.description, n.meets_on
    FROM meetings n
    JOIN users u ON u.id = n.user_id
    WHERE u.is_active = 1
) m ON 1 = 1
ORDER BY m.meets_on, m.name_key, m.user_id, m.plan_id;
