-- @P1 int, @P2 nvarchar(20), @P3 int, @P4 datetime2, @P5 int, @P6 int, @P7 nvarchar(20), @P8 datetime2, @P9 datetime2
-- @P10 int, @P11 nvarchar(50), @P12 nvarchar(1000), @P13 int, @P14 nvarchar(max), @P15 datetime2
-- Changes a connection as change.sql does. With it go the notification that tells of it (for whom, its type, what it says
-- and is about), the causes of matches that come of it, a JSON array, and since when they are due. Answers a row if it was
-- done.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DECLARE @is_done bit = 0;
UPDATE connections
SET requester_user_id = @P5, receiver_user_id = @P6, status = @P7, created_at = @P8, updated_at = @P9
WHERE id = @P1 AND status = @P2 AND requester_user_id = @P3 AND updated_at = @P4;
IF @@ROWCOUNT > 0
BEGIN
    SET @is_done = 1;
    INSERT INTO notifications (user_id, type, message, related_entity_id, is_read, created_at)
    VALUES (@P10, @P11, @P12, @P13, 0, @P9);
    UPDATE users SET notifications_version = notifications_version + 1 WHERE id = @P10;
    INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at)
    SELECT w.kind, w.user_id, w.other_id, @P9, 0, @P15
    FROM OPENJSON(@P14) WITH (kind nvarchar(20) '$.kind', user_id int '$.user_id', other_id int '$.other_id') w;
END
COMMIT TRANSACTION;
SELECT 1 AS done WHERE @is_done = 1;
