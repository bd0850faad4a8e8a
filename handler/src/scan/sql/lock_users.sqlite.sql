UPDATE users SET updated_at = updated_at WHERE id IN (SELECT w.value FROM json_each(@P1) w);
