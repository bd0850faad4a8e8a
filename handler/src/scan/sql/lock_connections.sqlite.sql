UPDATE connections SET updated_at = updated_at
WHERE id IN (
    SELECT c.id
    FROM json_each(@P1) w
    JOIN connections c ON c.user_low_id = w.value ->> 'low' AND c.user_high_id = w.value ->> 'high'
)
RETURNING user_low_id, user_high_id;
