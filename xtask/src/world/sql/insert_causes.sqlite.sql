INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at)
SELECT 'plan', t.user_id, t.id, @P2, 0, @P3 FROM travel_plans t WHERE t.id > @P1;
