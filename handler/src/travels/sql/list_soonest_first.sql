-- @P1 int, @P2 date, @P3 date, @P4 date, @P5 date, @P6 int, @P7 int
-- A page of somebody's plans, the soonest start first. They start between the second and the third parameter and end
-- between the fourth and the fifth; offset and limit last. The total stands in every row, also in the one row of an
-- empty page.
WITH found AS (
    SELECT id, start_date
    FROM travel_plans
    WHERE user_id = @P1 AND start_date BETWEEN @P2 AND @P3 AND end_date BETWEEN @P4 AND @P5
)
SELECT n.total, t.id, t.user_id, t.city, t.country, t.start_date, t.end_date, t.description, t.created_at, t.updated_at
FROM (SELECT COUNT(*) AS total FROM found) n
LEFT JOIN (
    SELECT id FROM found ORDER BY start_date, id OFFSET @P6 ROWS FETCH NEXT @P7 ROWS ONLY
) p ON 1 = 1
LEFT JOIN travel_plans t ON t.id = p.id
ORDER BY t.start_date, t.id;
