SELECT id, user_id, type, message, related_entity_id, created_at FROM notifications ORDER BY id;
