WITH found AS (
    SELECT id, start_date
    FROM travel_plans
    WHERE user_id = @P1 AND start_date BETWEEN @P2 AND @P3 AND end_date BETWEEN @P4 AND @P5
)
SELECT n.total, t.id, t.user_id, t.city, t.country, t.start_date, t.end_date, t.description, t.created_at, t.updated_at
FROM (SELECT COUNT(*) AS total FROM found) n
LEFT JOIN (
    SELECT id FROM found ORDER BY start_date, id LIMIT @P7 OFFSET @P6
) p ON 1 = 1
LEFT JOIN travel_plans t ON t.id = p.id
ORDER BY t.start_date, t.id;
