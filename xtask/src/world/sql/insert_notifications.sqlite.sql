INSERT INTO notifications (user_id, type, message, related_entity_id, is_read, created_at)
SELECT w.value ->> 'person', 'connection_request', w.value ->> 'message', NULL, w.value ->> 'seen', @P2
FROM json_each(@P1) w;
