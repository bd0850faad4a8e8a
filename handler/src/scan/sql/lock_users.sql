-- @P1 nvarchar(max)
-- Holds users, a JSON array of ids, until the end of the transaction by an update that changes nothing. Whoever changes
-- plans or a home holds their own row too.
UPDATE users SET updated_at = updated_at WHERE id IN (SELECT CAST(w.value AS int) FROM OPENJSON(@P1) w);
