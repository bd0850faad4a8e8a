SELECT id, kind, user_id, other_id, created_at, attempts, due_at, lease, last_error FROM match_causes ORDER BY id;
