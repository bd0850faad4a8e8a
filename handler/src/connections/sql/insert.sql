-- @P1 int, @P2 int, @P3 int, @P4 int, @P5 datetime2, @P6 int, @P7 nvarchar(50), @P8 nvarchar(1000)
-- A request, and the notification that tells of it: for whom, its type and what it says.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DECLARE @id int;
INSERT INTO connections (requester_user_id, receiver_user_id, user_low_id, user_high_id, status, created_at, updated_at)
VALUES (@P1, @P2, @P3, @P4, 'pending', @P5, @P5);
SET @id = SCOPE_IDENTITY();
INSERT INTO notifications (user_id, type, message, related_entity_id, is_read, created_at)
VALUES (@P6, @P7, @P8, @id, 0, @P5);
UPDATE users SET notifications_version = notifications_version + 1 WHERE id = @P6;
COMMIT TRANSACTION;
SELECT @id AS id;
