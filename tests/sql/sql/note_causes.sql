-- @P1 nvarchar(max), @P2 datetime2, @P3 datetime2
-- Causes of matches, a JSON array, as the deeds note them that make them.
INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at)
SELECT w.kind, w.user_id, w.other_id, @P2, 0, @P3
FROM OPENJSON(@P1) WITH (kind nvarchar(20) '$.kind', user_id int '$.user_id', other_id int '$.other_id') w;
