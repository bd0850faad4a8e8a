-- @P1 int
UPDATE notifications SET is_read = 1 WHERE user_id = @P1 AND is_read = 0;
