-- @P1 uniqueidentifier, @P2 date
-- All matches around the causes of one lease that hold at this moment and that are not past on the day given: a plan and
-- another one, or a plan and somebody at home. Each with who was told of it already.
WITH partners AS (
    -- Whose plans and home to look at, with whose. Of one plan only (plan_id), of all (0), or of none (-1).
    SELECT w.user_id, c.receiver_user_id AS friend_id, CASE w.kind WHEN 'plan' THEN w.other_id ELSE -1 END AS plan_id
    FROM match_causes w
    CROSS JOIN connections c
    WHERE w.lease = @P1 AND w.kind IN ('plan', 'home') AND c.requester_user_id = w.user_id AND c.status = 'accepted'
    UNION
    SELECT w.user_id, c.requester_user_id, CASE w.kind WHEN 'plan' THEN w.other_id ELSE -1 END
    FROM match_causes w
    CROSS JOIN connections c
    WHERE w.lease = @P1 AND w.kind IN ('plan', 'home') AND c.receiver_user_id = w.user_id AND c.status = 'accepted'
    UNION
    SELECT c.requester_user_id, c.receiver_user_id, 0
    FROM match_causes w
    CROSS JOIN connections c
    WHERE w.lease = @P1 AND w.kind = 'pair' AND c.status = 'accepted'
        AND c.user_low_id = CASE WHEN w.user_id < w.other_id THEN w.user_id ELSE w.other_id END
        AND c.user_high_id = CASE WHEN w.user_id < w.other_id THEN w.other_id ELSE w.user_id END
),
homes AS (
    -- Whose home (home_id) to look at with whose plans (planner_id): with one of them (plan_id), or with all (0).
    SELECT user_id AS planner_id, friend_id AS home_id, plan_id FROM partners WHERE plan_id >= 0
    UNION
    SELECT friend_id, user_id, 0 FROM partners WHERE plan_id <= 0
),
meetings AS (
    SELECT CASE WHEN p.id < q.id THEN p.id ELSE q.id END AS plan_id,
        CASE WHEN p.id < q.id THEN q.id ELSE p.id END AS other_plan_id, 0 AS home_user_id
    FROM partners x
    CROSS JOIN travel_plans p
    CROSS JOIN travel_plans q
    WHERE x.plan_id >= 0
        AND p.user_id = x.user_id AND (x.plan_id = 0 OR p.id = x.plan_id) AND p.end_date >= @P2
        AND q.user_id = x.friend_id AND q.city_key = p.city_key AND q.country_key = p.country_key
        AND q.start_date <= p.end_date AND q.end_date >= p.start_date AND q.end_date >= @P2
    UNION
    SELECT p.id, 0, h.id
    FROM homes x
    CROSS JOIN users h
    CROSS JOIN travel_plans p
    WHERE h.id = x.home_id
        AND p.user_id = x.planner_id AND p.city_key = h.home_city_key AND (x.plan_id = 0 OR p.id = x.plan_id)
        AND (h.home_country_key IS NULL OR p.country_key = h.home_country_key) AND p.end_date >= @P2
        AND NOT EXISTS (
            SELECT 1 FROM travel_plans a
            WHERE a.user_id = h.id AND a.start_date <= p.end_date AND a.end_date >= p.start_date
        )
)
SELECT m.plan_id, m.other_plan_id, m.home_user_id, p.city_key, p.country_key,
    p.user_id, u.display_name, p.city, p.start_date, p.end_date,
    COALESCE(q.user_id, h.id) AS other_user_id, COALESCE(v.display_name, h.display_name) AS other_display_name,
    q.city AS other_city, q.start_date AS other_start_date, q.end_date AS other_end_date, h.home_city,
    CASE WHEN EXISTS (
        SELECT 1 FROM told_matches t
        WHERE t.user_id = p.user_id AND t.plan_id = m.plan_id AND t.other_plan_id = m.other_plan_id
            AND t.home_user_id = m.home_user_id AND t.city_key = p.city_key AND t.country_key = p.country_key
    ) THEN 1 ELSE 0 END AS was_told,
    CASE WHEN EXISTS (
        SELECT 1 FROM told_matches t
        WHERE t.user_id = COALESCE(q.user_id, h.id) AND t.plan_id = m.plan_id AND t.other_plan_id = m.other_plan_id
            AND t.home_user_id = m.home_user_id AND t.city_key = p.city_key AND t.country_key = p.country_key
    ) THEN 1 ELSE 0 END AS other_was_told
FROM meetings m
JOIN travel_plans p ON p.id = m.plan_id
JOIN users u ON u.id = p.user_id
LEFT JOIN travel_plans q ON q.id = m.other_plan_id
LEFT JOIN users v ON v.id = q.user_id
LEFT JOIN users h ON h.id = m.home_user_id
WHERE u.is_active = 1 AND COALESCE(v.is_active, h.is_active) = 1
ORDER BY m.plan_id, m.other_plan_id, m.home_user_id;
