-- @P1 int, @P2 uniqueidentifier, @P3 datetime2, @P4 nvarchar(20)
-- All sessions of the user but one.
UPDATE sessions SET ended_at = @P3, end_reason = @P4 WHERE user_id = @P1 AND id <> @P2 AND ended_at IS NULL;
