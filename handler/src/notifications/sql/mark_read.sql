-- @P1 int, @P2 int
-- Somebody else's is left alone.
UPDATE notifications SET is_read = 1
OUTPUT INSERTED.id, INSERTED.type, INSERTED.message, INSERTED.related_entity_id, INSERTED.is_read, INSERTED.created_at
WHERE id = @P1 AND user_id = @P2;
