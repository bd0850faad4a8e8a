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
    LIMIT @P5 OFFSET @P4
) p ON 1 = 1
ORDER BY p.created_at DESC, p.id DESC;
