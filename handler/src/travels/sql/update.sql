-- @P1 int, @P2 int, @P3 int, @P4 nvarchar(200), @P5 nvarchar(200), @P6 nvarchar(200), @P7 nvarchar(200), @P8 date
-- @P9 date, @P10 nvarchar(2000), @P11 datetime2, @P12 nvarchar(max), @P13 datetime2
-- The owner, the version of the owner's plans that the change was decided by, the plan, what it says now, when it changed,
-- the causes of matches that come of it, a JSON array, and since when they are due. Answers a row if it was done: nobody
-- has changed any of the plans since. The owner's row comes first, and is held until the end of the transaction.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DECLARE @is_done bit = 0;
UPDATE users SET plans_version = plans_version + 1 WHERE id = @P1 AND is_active = 1 AND plans_version = @P2;
IF @@ROWCOUNT > 0
BEGIN
    SET @is_done = 1;
    UPDATE travel_plans
    SET city = @P4, country = @P5, city_key = @P6, country_key = @P7, start_date = @P8, end_date = @P9,
        description = @P10, updated_at = @P11
    WHERE id = @P3 AND user_id = @P1;
    INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at)
    SELECT w.kind, w.user_id, w.other_id, @P11, 0, @P13
    FROM OPENJSON(@P12) WITH (kind nvarchar(20) '$.kind', user_id int '$.user_id', other_id int '$.other_id') w;
END
COMMIT TRANSACTION;
SELECT 1 AS done WHERE @is_done = 1;
