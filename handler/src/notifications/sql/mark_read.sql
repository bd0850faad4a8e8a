-- @P1 int, @P2 int
-- Marks a notification as read and answers it. Somebody else's is left alone.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
UPDATE notifications SET is_read = 1 WHERE id = @P1 AND user_id = @P2 AND is_read = 0;
IF @@ROWCOUNT > 0 UPDATE users SET notifications_version = notifications_version + 1 WHERE id = @P2;
COMMIT TRANSACTION;
SELECT id, type, message, related_entity_id, is_read, created_at FROM notifications WHERE id = @P1 AND user_id = @P2;
