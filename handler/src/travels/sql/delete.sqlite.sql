UPDATE users SET plans_version = plans_version + 1
WHERE id = @P1 AND is_active = 1 AND EXISTS (SELECT 1 FROM travel_plans WHERE id = @P2 AND user_id = @P1);
DELETE FROM travel_plans WHERE id = @P2 AND user_id = @P1 AND changes() > 0 RETURNING id;
INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at)
SELECT w.value ->> 'kind', w.value ->> 'user_id', w.value ->> 'other_id', @P3, 0, @P5
FROM json_each(@P4) w
WHERE changes() > 0;
