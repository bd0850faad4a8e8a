UPDATE connections
SET requester_user_id = @P5, receiver_user_id = @P6, status = @P7, created_at = @P8, updated_at = @P9
WHERE id = @P1 AND status = @P2 AND requester_user_id = @P3 AND updated_at = @P4
RETURNING id;
INSERT INTO notifications (user_id, type, message, related_entity_id, is_read, created_at)
SELECT @P10, @P11, @P12, @P13, 0, @P9 WHERE changes() > 0;
UPDATE users SET notifications_version = notifications_version + 1 WHERE id = @P10 AND changes() > 0;
INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at)
SELECT w.value ->> 'kind', w.value ->> 'user_id', w.value ->> 'other_id', @P9, 0, @P15
FROM json_each(@P14) w
WHERE changes() > 0;
