UPDATE users SET plans_version = plans_version + 1 WHERE id = @P1 AND is_active = 1 AND plans_version = @P2 RETURNING id;
UPDATE travel_plans
SET city = @P4, country = @P5, city_key = @P6, country_key = @P7, start_date = @P8, end_date = @P9, description = @P10,
    updated_at = @P11
WHERE id = @P3 AND user_id = @P1 AND changes() > 0;
INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at)
SELECT w.value ->> 'kind', w.value ->> 'user_id', w.value ->> 'other_id', @P11, 0, @P13
FROM json_each(@P12) w
WHERE changes() > 0;
