-- @P1 int, @P2 nvarchar(50), @P3 nvarchar(1000), @P4 int, @P5 datetime2
INSERT INTO notifications (user_id, type, message, related_entity_id, is_read, created_at)
VALUES (@P1, @P2, @P3, @P4, 0, @P5);
UPDATE users SET notifications_version = notifications_version + 1 WHERE id = @P1;
