UPDATE match_causes SET attempts = attempts + 1, lease = @P2, due_at = @P3
WHERE attempts = 0 AND id IN (
    SELECT w.id FROM match_causes w WHERE w.due_at <= @P4 AND w.attempts = 0 ORDER BY w.due_at, w.id LIMIT @P1
)
RETURNING id, kind, user_id, other_id, attempts;
