-- @P1 int, @P2 datetime2, @P3 datetime2
-- A cause for each plan with a higher id, as the API writes one with each new plan.
INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at)
SELECT N'plan', t.user_id, t.id, @P2, 0, @P3 FROM travel_plans t WHERE t.id > @P1;
