-- @P1 uniqueidentifier, @P2 int, @P3 datetime2, @P4 nvarchar(20)
UPDATE sessions SET ended_at = @P3, end_reason = @P4
WHERE id = @P1 AND user_id = @P2 AND ended_at IS NULL AND expires_at > @P3;
