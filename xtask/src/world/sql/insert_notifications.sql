-- @P1 nvarchar(max), @P2 datetime2
INSERT INTO notifications (user_id, type, message, related_entity_id, is_read, created_at)
SELECT w.person, N'connection_request', w.message, NULL, w.seen, @P2
FROM OPENJSON(@P1) WITH (person int '$.person', message nvarchar(1000) '$.message', seen bit '$.seen') w;
