INSERT INTO notifications (user_id, type, message, related_entity_id, is_read, created_at)
SELECT w.value ->> 'user_id', w.value ->> 'kind', w.value ->> 'message', w.value ->> 'related', 0, @P2
FROM json_each(@P1) w;
UPDATE users SET notifications_version = notifications_version + 1
WHERE id IN (SELECT w.value ->> 'user_id' FROM json_each(@P1) w);
