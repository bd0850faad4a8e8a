-- @P1 int, @P2 int, @P3 datetime2, @P4 nvarchar(max), @P5 datetime2
-- The owner, the plan, when it goes, the causes of matches that come of it, a JSON array, and since when they are due.
-- Answers a row if the owner is active and had this plan. The owner's row comes first, and is held until the end of the
-- transaction.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DECLARE @deleted int = 0;
UPDATE users SET plans_version = plans_version + 1 WHERE id = @P1 AND is_active = 1;
IF @@ROWCOUNT > 0
BEGIN
    DELETE FROM travel_plans WHERE id = @P2 AND user_id = @P1;
    SET @deleted = @@ROWCOUNT;
END
IF @deleted > 0
BEGIN
    INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at)
    SELECT w.kind, w.user_id, w.other_id, @P3, 0, @P5
    FROM OPENJSON(@P4) WITH (kind nvarchar(20) '$.kind', user_id int '$.user_id', other_id int '$.other_id') w;
    COMMIT TRANSACTION;
END
ELSE
    ROLLBACK TRANSACTION;
SELECT 1 AS done WHERE @deleted > 0;
