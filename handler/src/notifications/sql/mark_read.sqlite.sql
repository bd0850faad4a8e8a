UPDATE users SET notifications_version = notifications_version + 1
WHERE id = @P2 AND EXISTS (SELECT 1 FROM notifications WHERE id = @P1 AND user_id = @P2 AND is_read = 0);
UPDATE notifications SET is_read = 1 WHERE id = @P1 AND user_id = @P2 AND is_read = 0;
SELECT id, type, message, related_entity_id, is_read, created_at FROM notifications WHERE id = @P1 AND user_id = @P2;
