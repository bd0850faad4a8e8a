UPDATE users SET notifications_version = notifications_version + 1
WHERE id = @P1 AND EXISTS (SELECT 1 FROM notifications WHERE user_id = @P1 AND is_read = 0);
UPDATE notifications SET is_read = 1 WHERE user_id = @P1 AND is_read = 0;
SELECT changes() AS updated;
