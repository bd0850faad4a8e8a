-- @P1 int
SELECT COUNT(*) AS number FROM notifications WHERE user_id = @P1 AND is_read = 0;
