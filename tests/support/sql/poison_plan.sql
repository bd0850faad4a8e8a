-- @P1 int
-- On SQL Server: telling of this plan fails from now on.
DECLARE @statement nvarchar(400) =
    N'ALTER TABLE told_matches ADD CONSTRAINT ck_poison CHECK (plan_id <> ' + CAST(@P1 AS nvarchar(20)) + N')';
EXEC (@statement);
