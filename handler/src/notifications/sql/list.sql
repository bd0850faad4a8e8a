-- @P1 int, @P2 bit, @P3 nvarchar(50), @P4 int, @P5 int
-- Somebody's notifications, newest first: the read or the unread ones if that is given, those of a type if that is given
-- (offset and limit last). The total stands in every row, also in the one row of an empty page.
SELECT t.total, p.id, p.type, p.message, p.related_entity_id, p.is_read, p.created_at
FROM (
    SELECT COUNT(*) AS total
    FROM notifications
    WHERE user_id = @P1 AND (@P2 IS NULL OR is_read = @P2) AND (@P3 IS NULL OR type = @P3)
) t
LEFT JOIN (
    SELECT id, type, message, related_entity_id, is_read, created_at
    FROM notifications
    WHERE user_id = @P1 AND (@P2 IS NULL OR is_read = @P2) AND (@P3 IS NULL OR type = @P3)
    ORDER BY created_at DESC, id DESC
    OFFSET @P4 ROWS FETCH NEXT @P5 ROWS ONLY
) p ON 1 = 1
ORDER BY p.created_at DESC, p.id DESC;
