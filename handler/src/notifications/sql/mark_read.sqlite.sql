UPDATE notifications SET is_read = 1
WHERE id = @P1 AND user_id = @P2
RETURNING id, type, message, related_entity_id, is_read, created_at;
