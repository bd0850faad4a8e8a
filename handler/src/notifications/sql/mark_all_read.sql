-- @P1 int
-- Marks all of somebody's notifications as read; answers how many were not.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DECLARE @updated int;
UPDATE notifications SET is_read = 1 WHERE user_id = @P1 AND is_read = 0;
SET @updated = @@ROWCOUNT;
IF @updated > 0 UPDATE users SET notifications_version = notifications_version + 1 WHERE id = @P1;
COMMIT TRANSACTION;
SELECT @updated AS updated;
