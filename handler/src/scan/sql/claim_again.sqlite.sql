UPDATE match_causes SET attempts = attempts + 1, lease = @P1, due_at = @P2
WHERE (due_at <= @P3 OR due_at > @P4) AND id = (
    SELECT w.id FROM match_causes w
    WHERE (w.due_at <= @P3 OR w.due_at > @P4) AND w.attempts > 0
    ORDER BY w.due_at, w.id
    LIMIT 1
)
RETURNING id, kind, user_id, other_id, attempts;
