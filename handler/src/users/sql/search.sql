-- @P1 int, @P2 nvarchar(max), @P3 nvarchar(200), @P4 nvarchar(255), @P5 int, @P6 int
-- The people whom the caller finds: the longest word starts a word of the name (the index is entered by it), and so does each
-- of the others, a JSON array; or the key of their address is the one given. Offset and limit last. The total stands in
-- every row, also in the one row of an empty page. Who is found, and in what order, the words say by themselves; of users
-- those on the page are read.
WITH found AS (
    SELECT w.user_id AS id, w.name_key
    FROM user_words w
    WHERE w.word LIKE @P3 + N'%' AND w.user_id <> @P1
        AND w.user_id NOT IN (SELECT i.id FROM users i WHERE i.is_active = 0)
        AND (@P2 = N'[]' OR NOT EXISTS (
            SELECT 1 FROM OPENJSON(@P2) q
            WHERE NOT EXISTS (
                SELECT 1 FROM user_words o
                WHERE o.user_id = w.user_id AND o.word LIKE (q.value COLLATE Latin1_General_BIN2) + N'%'
            )
        ))
    UNION
    SELECT e.id, e.name_key FROM users e WHERE e.email_key = @P4 AND e.is_active = 1 AND e.id <> @P1
)
SELECT t.total, u.id, u.display_name, u.bio, u.profile_pic_url, u.home_city, u.home_country, u.created_at,
    CASE
        WHEN c.status = 'accepted' THEN 'connected'
        WHEN c.status = 'pending' AND c.requester_user_id = @P1 THEN 'pending_sent'
        WHEN c.status = 'pending' THEN 'pending_received'
        ELSE 'none'
    END AS connection_status
FROM (SELECT COUNT(*) AS total FROM found) t
LEFT JOIN (
    SELECT id FROM found ORDER BY name_key, id OFFSET @P5 ROWS FETCH NEXT @P6 ROWS ONLY
) p ON 1 = 1
LEFT JOIN users u ON u.id = p.id
LEFT JOIN connections c
    ON c.user_low_id = CASE WHEN p.id < @P1 THEN p.id ELSE @P1 END
    AND c.user_high_id = CASE WHEN p.id < @P1 THEN @P1 ELSE p.id END
ORDER BY u.name_key, u.id;
