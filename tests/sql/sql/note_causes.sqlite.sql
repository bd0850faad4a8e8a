INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at)
SELECT w.value ->> 'kind', w.value ->> 'user_id', w.value ->> 'other_id', @P2, 0, @P3
FROM json_each(@P1) w;
