-- @P1 nvarchar(max), @P2 datetime2
-- Unread notifications, a JSON array.
INSERT INTO notifications (user_id, type, message, related_entity_id, is_read, created_at)
SELECT w.user_id, w.kind, w.message, w.related, 0, @P2
FROM OPENJSON(@P1) WITH (
    user_id int '$.user_id', kind nvarchar(50) '$.kind', message nvarchar(1000) '$.message', related int '$.related'
) w;
UPDATE users SET notifications_version = notifications_version + 1
WHERE id IN (SELECT w.user_id FROM OPENJSON(@P1) WITH (user_id int '$.user_id') w);
