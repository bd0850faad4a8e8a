-- @P1 nvarchar(max)
-- Holds the connections of pairs of users, a JSON array, until the end of the transaction by an update that changes nothing;
-- answers those that there are.
UPDATE connections SET updated_at = updated_at
OUTPUT INSERTED.user_low_id, INSERTED.user_high_id
WHERE id IN (
    SELECT c.id
    FROM OPENJSON(@P1) WITH (low int '$.low', high int '$.high') w
    JOIN connections c ON c.user_low_id = w.low AND c.user_high_id = w.high
);
